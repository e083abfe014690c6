"""Eight processes spend one budget at the same time, and some of them are killed."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from stigmergy.domain import NOTHING
from stigmergy.platform.budgets.reclaiming import Reclaiming
from stigmergy.platform.episode.charges import Charge, Settlement, charges
from stigmergy.platform.episode.codec import decode
from stigmergy.platform.ports import Store
from stigmergy.platform.records import Standing

SCRIPT = Path(__file__).with_name("budget_spender.py")
PROCESSES, KILLED, TASKS = 8, 3, 3
KEY, TENANT = "key acme/ci", "tenant acme"


def spender() -> ModuleType:
    found = importlib.util.spec_from_file_location("budget_spender", SCRIPT)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def start(url: str, name: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(SCRIPT), url, name, str(len(name) + ord(name[-1]))]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ)


async def told(store: Store) -> list[Charge]:
    journals = [await store.journal.read(episode) for episode in await store.recorded()]
    return [charge for events in journals for charge in charges(decode(event.payload) for event in events)]


async def watched(store: Store, until_usd: float) -> None:
    """Look at the accounts while they are spent, until that much is gone: they never pass their limits."""
    limits = spender().LIMITS
    while True:
        for account in (TENANT, KEY):
            standing = await store.budgets.standing(account)
            assert limits[account].allows(standing.taken()), (account, standing)
        if standing.taken().usd >= until_usd:
            return
        await asyncio.sleep(0.01)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("store_url", ["sqlite", "postgresql"], indirect=True)
async def test_the_sum_never_passes_the_cap_and_nothing_stays_stuck_after_kills(store: Store, store_url: str) -> None:
    running = [start(store_url, f"spender-{number}") for number in range(PROCESSES)]
    try:
        await side_by_side(store, running)
    finally:
        for each in running:
            each.kill()
            each.communicate()
    await everything_is_free_again(store)
    await the_last_one_finds_what_is_left(store)


async def side_by_side(store: Store, running: list[subprocess.Popen[str]]) -> None:
    """All begin together; some are killed on the way, the others spend until they are refused."""
    for each in running:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    for each in running:
        assert each.stdin is not None
        each.stdin.write("go\n")
        each.stdin.flush()
    await watched(store, 0.5)
    for victim in running[:KILLED]:
        victim.kill()
    said = [await asyncio.to_thread(each.communicate) for each in running]
    assert [text for text, _ in said[KILLED:]] == ["refused\n"] * (PROCESSES - KILLED)


async def everything_is_free_again(store: Store) -> None:
    """Once the leases of the killed have ended, what the journal tells is gone, and of each killed its open calls."""
    reclaiming = Reclaiming(store.budgets, store.journal)
    while (await store.budgets.standing(KEY)).leased != NOTHING:
        await reclaiming.reclaim()
        await asyncio.sleep(0.05)
    found = await told(store)
    used = sum((each.charged for each in found if each.settlement is not Settlement.UNKNOWN), NOTHING)
    for account in (TENANT, KEY):
        standing = await store.budgets.standing(account)
        assert used.usd <= standing.spent.usd + standing.written_off.usd
        assert standing.written_off.usd <= KILLED * TASKS * spender().WORST.usd


async def the_last_one_finds_what_is_left(store: Store) -> None:
    module = spender()
    await module.spend(store, "last", 99)
    standing: Standing = await store.budgets.standing(KEY)
    left = module.LIMITS[KEY].left(standing.taken())
    assert NOTHING.at_most(left)
    assert left.usd < module.WORST.usd
