"""What those who watch are told of policies that are tried."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from stigmergy.deployments.policy_views import policy_gauges


async def looked_on(site: Any, episodes: int) -> None:
    record = await site.register()
    await site.desk.shadow("picks", record.version)
    await site.look()
    await site.ask(episodes)


async def test_the_gain_is_told_as_the_gate_sees_it(site: Any) -> None:
    await looked_on(site, 240)
    await site.runtime.policies.gains.judge()
    gauges = policy_gauges(site.runtime.policies.gains.known())
    shown = await site.desk.show("picks", 1)
    gain = shown.evidence.judgements["sums"].gains["doubly_robust"]
    told = [gauges[f'policy_gain{{version="picks@1",graph="sums",bound="{b}"}}'] for b in ("low", "mean", "high")]
    assert told == [gain.low, gain.mean, gain.high]
    assert gauges['policy_agreement{version="picks@1"}'] == pytest.approx(0.5, abs=0.1)


async def test_what_was_refused_has_no_gain_and_what_is_tried_no_longer_is_not_told(site: Any) -> None:
    await looked_on(site, 5)
    gains = site.runtime.policies.gains
    await gains.judge()
    assert list(policy_gauges(gains.known())) == ['policy_agreement{version="picks@1"}']
    await site.desk.retire("picks", 1, "no longer wanted")
    await gains.judge()
    assert policy_gauges(gains.known()) == {}


async def test_whoever_looks_has_it_judged_for_the_next_one_and_not_more_often_than_that(site: Any) -> None:
    await looked_on(site, 5)
    gains, clock = site.runtime.policies.gains, site.runtime.clock
    assert gains.known() == {}
    async with asyncio.timeout(10):
        while not (first := gains.known()):  # noqa: ASYNC110 -- nobody tells
            await asyncio.sleep(0)
    assert gains.known() is first
    clock.advance(3600.0)
    async with asyncio.timeout(10):
        while gains.known() is first:  # noqa: ASYNC110 -- nobody tells
            await asyncio.sleep(0)
