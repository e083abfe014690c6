"""From a candidate to the policy that decides, and back."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from stigmergy.domain import Budget
from stigmergy.errors import PolicyMoved, PolicyNotFound, PromotionRefused
from stigmergy.platform.policy_records import Move, Stage
from stigmergy.testing import EPOCH

GOOD = {"cheap": 0.9, "dear": 0.1}
BAD = {"cheap": 0.1, "dear": 0.9}


async def shadowed(site: Any, quality: dict[str, float], episodes: int = 240) -> int:
    """Register a policy and let it look on; returns its version."""
    record = await site.register(quality)
    await site.desk.shadow("picks", record.version)
    await site.look()
    await site.ask(episodes)
    return int(record.version)


async def test_a_good_policy_is_tried_and_promoted_with_its_gain_as_the_reason(site: Any) -> None:
    version = await shadowed(site, GOOD)
    canary = await site.desk.canary("picks", version, 0.5)
    assert (canary.stage, canary.share) == (Stage.CANARY, 0.5)
    await site.look()
    await site.ask(120)
    await site.runtime.policies.canaries.look()
    active = await site.desk.promote("picks", version)
    assert active.stage is Stage.ACTIVE
    assert active.reason.startswith("gain +0.")
    assert "on sums, from 240 episodes" in active.reason


async def test_the_same_way_leads_there_on_sqlite(site_on_sqlite: Any) -> None:
    version = await shadowed(site_on_sqlite, GOOD)
    assert (await site_on_sqlite.desk.promote("picks", version)).stage is Stage.ACTIVE
    await site_on_sqlite.look()
    assert {episode.policy for episode in await site_on_sqlite.ask(5)} == {"picks@1"}


async def test_what_is_known_of_a_policy_is_shown(site: Any) -> None:
    version = await shadowed(site, GOOD)
    shown = await site.desk.show("picks", version)
    gain = shown.evidence.judgements["sums"].gains["doubly_robust"]
    assert shown.evidence.episodes == {"sums": 240}
    # Its base is right half of the time; it takes the cheap agent, which always is, in 95 of 100 cases.
    assert gain.low < 0.45 + 0.1 * 0.45 < gain.high
    assert shown.evidence.agreement == pytest.approx(0.5, abs=0.05)


async def test_a_bad_policy_is_refused_by_the_gate(site: Any) -> None:
    version = await shadowed(site, BAD)
    with pytest.raises(PromotionRefused, match="its gain is not shown to be above zero: -0"):
        await site.desk.promote("picks", version)
    with pytest.raises(PromotionRefused, match="it loses against who decides: gain -0"):
        await site.desk.canary("picks", version, 0.1)
    assert (await site.runtime.store.policies.get("picks", version)).stage is Stage.SHADOW


async def test_too_few_episodes_tell_nothing(site: Any) -> None:
    version = await shadowed(site, GOOD, episodes=20)
    with pytest.raises(PromotionRefused, match=r"on sums the log does not tell: the effective sample is \d+ queries"):
        await site.desk.promote("picks", version)


async def test_who_has_looked_on_nothing_is_refused(site: Any) -> None:
    version = await shadowed(site, GOOD, episodes=0)
    with pytest.raises(PromotionRefused, match="it has looked on no episode yet"):
        await site.desk.canary("picks", version, 0.1)


async def test_a_canary_with_too_few_episodes_of_its_own_is_not_promoted(site: Any) -> None:
    version = await shadowed(site, GOOD)
    await site.desk.canary("picks", version, 0.5)
    with pytest.raises(PromotionRefused, match="there are only 0 judged episodes of its own"):
        await site.desk.promote("picks", version)


async def test_a_canary_that_turns_bad_is_rolled_back_by_itself(site: Any) -> None:
    version = await shadowed(site, GOOD)
    await site.desk.canary("picks", version, 0.5)
    await site.look()
    for _ in range(3):
        await site.ask(100, reference="5")  # from now on the dear agent is right
        await site.runtime.policies.canaries.look()
    record = await site.runtime.store.policies.get("picks", version)
    assert record.stage is Stage.RETIRED
    assert record.reason.startswith("rolled back by itself: quality 0.0")
    await site.look()
    assert {episode.policy for episode in await site.ask(20)} == {"picks"}


async def test_a_canary_as_good_as_who_decides_stays(site: Any) -> None:
    version = await shadowed(site, GOOD)
    await site.desk.canary("picks", version, 0.5)
    await site.look()
    for _ in range(3):
        await site.ask(100)
        await site.runtime.policies.canaries.look()
    assert (await site.runtime.store.policies.get("picks", version)).stage is Stage.CANARY


async def test_taking_an_active_policy_back_brings_back_whom_it_replaced(site: Any) -> None:
    first = await shadowed(site, GOOD)
    await site.desk.promote("picks", first)
    store = site.runtime.store.policies
    second = await site.register({"cheap": 0.8, "dear": 0.2})
    await site.desk.shadow("picks", second.version)
    await store.move("picks", second.version, Move(seen=Stage.SHADOW, to=Stage.ACTIVE), EPOCH)
    back = await site.desk.rollback("picks", second.version, "complaints")
    assert (back.stage, back.reason) == (Stage.RETIRED, "rolled back: complaints")
    assert (await store.get("picks", first)).stage is Stage.ACTIVE
    await site.desk.rollback("picks", first, "more complaints")
    assert await store.serving() == ()


async def test_what_does_not_decide_cannot_be_taken_back(site: Any) -> None:
    record = await site.register()
    with pytest.raises(PolicyMoved, match="from candidate it cannot become retired"):
        await site.desk.rollback("picks", record.version, "")
    with pytest.raises(PolicyMoved, match="from candidate it cannot become active"):
        await site.desk.promote("picks", record.version)
    with pytest.raises(PolicyNotFound, match="picks@7"):
        await site.desk.shadow("picks", 7)


async def test_an_episode_charged_above_its_budget_ends_a_canary(site: Any) -> None:
    version = await shadowed(site, GOOD)
    await site.desk.canary("picks", version, 1.0)
    await site.look()
    (episode,) = await site.ask(1, budget=Budget(max_usd=Decimal("0.05")))
    await site.runtime.policies.canaries.look()
    assert (await site.runtime.store.policies.get("picks", version)).stage is Stage.CANARY
    # The mask and the ledger keep every run below its budget; so the record of one is changed.
    await site.runtime.store.episodes.save(replace(episode, id="changed", charged_usd=Decimal("0.06")))
    with pytest.raises(PromotionRefused, match="1 of its episodes were charged more than their budget"):
        await site.desk.promote("picks", version)
    await site.runtime.policies.canaries.look()
    record = await site.runtime.store.policies.get("picks", version)
    assert record.reason == "rolled back by itself: 1 of its episodes were charged more than their budget"
