"""A process that spends of a shared budget until it is refused: reserve, journal, commit, journal, again.

``python budget_spender.py URL NAME SEED``; says ``ready``, waits for a line, and says ``refused`` when nothing is left.
"""

from __future__ import annotations

import asyncio
import random
import sys
from decimal import Decimal

from stigmergy.agents.base import Reply
from stigmergy.domain import NOTHING, Budget, FailureKind, Spend, Usage
from stigmergy.errors import BudgetRefused
from stigmergy.platform.budgets.leased_accounts import key_account, tenant_account
from stigmergy.platform.budgets.shared_budgets import SharedBudgets
from stigmergy.platform.budgets.slices import SliceTerms
from stigmergy.platform.clock import SystemClock
from stigmergy.platform.episode.codec import encode
from stigmergy.platform.episode.events import CallFailed, CallStarted, CallSucceeded, Event
from stigmergy.platform.ports import Store
from stigmergy.platform.records import StoredEvent
from stigmergy.platform.store import open_store
from stigmergy.testing import EPOCH, task

WORST = Spend(Decimal("0.01"), 15, 1)
LIMITS = {
    tenant_account("acme"): Budget(max_usd=Decimal(1), max_calls=10_000),
    key_account("acme", "ci"): Budget(max_usd=Decimal("0.9")),
}
TERMS = SliceTerms(lease_s=4, margin_s=1.5, renew_s=0.2)


async def spend(store: Store, name: str, seed: int) -> None:
    """Spend side by side as three tasks of one process."""
    budgets = SharedBudgets(LIMITS, store, TERMS, SystemClock(), name)
    budgets.start()
    rng = random.Random(seed)
    await asyncio.gather(*(_one(store, budgets, f"{name}-{place}", rng) for place in range(3)))
    await budgets.aclose()


async def _one(store: Store, budgets: SharedBudgets, episode: str, rng: random.Random) -> None:
    acme = task(task_id=episode, tenant="acme", key="ci")
    account, seq = budgets.accounts.open(acme, episode), 0
    while True:
        step = f"{episode}/{seq}"
        try:
            grant = await account.reserve(step, WORST)
        except BudgetRefused:
            break
        begun = CallStarted(step=step, node="n", agent="a", attempt=1, reserved=WORST, grant=grant)
        await _append(store, episode, seq, begun)
        if not account.covers(step):
            account.release(step)
            late = CallFailed(
                step=step, node="n", agent="a", attempt=1, failure=FailureKind.ERROR, reason="late", charged=NOTHING
            )
            await _append(store, episode, seq + 1, late)
            seq += 2
            continue
        used = Spend(Decimal(rng.randint(0, 10_000_000)).scaleb(-9), rng.randint(0, 15), 1)
        account.commit(step, used)
        reply = Reply(text="done", usage=Usage(usd=used.usd))
        await _append(store, episode, seq + 1, CallSucceeded(step=step, node="n", agent="a", reply=reply, charged=used))
        seq += 2
    account.close()


async def _append(store: Store, episode: str, seq: int, event: Event) -> None:
    await store.journal.append(episode, [StoredEvent(episode, seq, event.kind, encode(event), 1, EPOCH)])


async def main() -> None:
    url, name, seed = sys.argv[1:]
    store = open_store(url)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    await spend(store, name, int(seed))
    await store.aclose()
    sys.stdout.write("refused\n")


if __name__ == "__main__":
    asyncio.run(main())
