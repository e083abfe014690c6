"""Any sequence of reservations, settlements, renewals, crashes and reclaims keeps the cap and loses no money."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from decimal import Decimal
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from stigmergy.agents.base import Reply
from stigmergy.domain import NOTHING, Budget, FailureKind, Spend
from stigmergy.errors import BudgetRefused
from stigmergy.platform.budgets.accounts import TaskAccount
from stigmergy.platform.budgets.leased_accounts import LeasedAccounts
from stigmergy.platform.budgets.reclaiming import Reclaiming
from stigmergy.platform.budgets.slices import SliceTerms
from stigmergy.platform.episode.codec import encode
from stigmergy.platform.episode.events import CallFailed, CallStarted, CallSucceeded, Event
from stigmergy.platform.records import StoredEvent
from stigmergy.platform.store.memory import MemoryStore
from stigmergy.testing import EPOCH, FakeClock, task

LIMITS = {"tenant acme": Budget(max_usd=Decimal(20), max_calls=30), "key acme/ci": Budget(max_usd=Decimal(12))}
# The store's lease is over at once, and the holder does not know: so that a crash can be reclaimed without waiting.
TERMS = SliceTerms(lease_s=0, margin_s=-1000, share=Decimal("0.2"))
WORST = Spend(Decimal(2), 4, 1)
SPENDS = st.builds(Spend, st.integers(0, 2).map(Decimal), st.integers(0, 4), st.just(1))


class Process:
    """One process with one task at a time."""

    def __init__(self, store: MemoryStore, name: str) -> None:
        self.accounts = LeasedAccounts(store.budgets, LIMITS, TERMS, FakeClock(), name)
        self.account: TaskAccount | None = None
        self.episode = ""
        self.open: list[str] = []


class SharedBudgetMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.store = MemoryStore()
        self.made, self.events = 0, 0
        self.settled, self.lost, self.crashes = NOTHING, NOTHING, 0
        self.processes = [Process(self.store, f"p{number}") for number in range(3)]

    def teardown(self) -> None:
        self.loop.close()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        async def until_quiet() -> Any:
            done = await work
            others = asyncio.all_tasks() - {asyncio.current_task()}
            await asyncio.gather(*others)
            return done

        return self.loop.run_until_complete(until_quiet())

    def journal(self, process: Process, event: Event) -> None:
        self.events += 1
        stored = StoredEvent(process.episode, self.events, event.kind, encode(event), 1, EPOCH)
        self.run(self.store.journal.append(process.episode, [stored]))

    @rule(which=st.integers(0, 2))
    def reserve(self, which: int) -> None:
        process = self.processes[which]
        self.made += 1
        if process.account is None:
            process.episode = f"ep{self.made}"
            process.account = process.accounts.open(
                task(task_id=process.episode, tenant="acme", key="ci"), process.episode
            )
        step = f"{process.episode}/{self.made}"
        try:
            grant = self.run(process.account.reserve(step, WORST))
        except BudgetRefused:
            # Its store knows of the episode; the engine would have journalled that the task began.
            self.journal(process, _refused(step))
            return
        self.journal(process, CallStarted(step=step, node="n", agent="a", attempt=1, reserved=WORST, grant=grant))
        process.open.append(step)

    @precondition(lambda self: any(process.open for process in self.processes))
    @rule(data=st.data(), used=SPENDS)
    def commit(self, data: st.DataObject, used: Spend) -> None:
        process = data.draw(st.sampled_from([each for each in self.processes if each.open]))
        step = process.open.pop()
        assert process.account is not None
        process.account.commit(step, used)
        reply = Reply(text="done")
        self.journal(process, CallSucceeded(step=step, node="n", agent="a", reply=reply, charged=used))
        self.settled += used

    @precondition(lambda self: any(process.open for process in self.processes))
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        process = data.draw(st.sampled_from([each for each in self.processes if each.open]))
        step = process.open.pop()
        assert process.account is not None
        process.account.release(step)
        self.journal(process, _failed(step))

    @rule(which=st.integers(0, 2))
    def end_the_task(self, which: int) -> None:
        process = self.processes[which]
        if process.account is not None and not process.open:
            process.account.close()
            process.account = None

    @rule(which=st.integers(0, 2))
    def renew(self, which: int) -> None:
        self.run(self.processes[which].accounts.renew())

    @rule(which=st.integers(0, 2))
    def crash(self, which: int) -> None:
        process = self.processes[which]
        for each in self.processes:
            self.run(_lease(each.accounts, self.store, 0 if each is process else 1000))
        self.lost += sum((WORST for _ in process.open), NOTHING)
        self.crashes += 1
        self.processes[which] = Process(self.store, f"after{self.made}-{self.crashes}")
        self.run(Reclaiming(self.store.budgets, self.store.journal).reclaim())

    @invariant()
    def no_limit_is_passed(self) -> None:
        for name, limit in LIMITS.items():
            assert limit.allows(self.run(self.store.budgets.standing(name)).taken())

    @invariant()
    def what_was_used_and_what_was_lost_is_taken(self) -> None:
        for name in LIMITS:
            standing = self.run(self.store.budgets.standing(name))
            assert standing.written_off.usd == self.lost.usd
            assert self.settled.usd <= standing.spent.usd + standing.leased.usd
            assert standing.spent.usd <= self.settled.usd

    @rule()
    def everybody_leaves_and_the_books_are_exact(self) -> None:
        for process in self.processes:
            if process.account is not None:
                self.settled += sum((WORST for _ in process.open), NOTHING)
                process.open.clear()
                process.account.close()
                process.account = None
            self.run(process.accounts.aclose())
        for name in LIMITS:
            standing = self.run(self.store.budgets.standing(name))
            assert (standing.spent, standing.leased) == (self.settled, NOTHING)


async def _lease(accounts: LeasedAccounts, store: MemoryStore, lease_s: float) -> None:
    """The lease of a process that has renewed in time, or has not."""
    tenure = accounts._tenure
    if tenure is not None:
        await store.budgets.renew(tenure.slices.holder, lease_s, (), ())


def _failed(step: str) -> CallFailed:
    return CallFailed(
        step=step, node="n", agent="a", attempt=1, failure=FailureKind.UNAVAILABLE, reason="down", charged=NOTHING
    )


def _refused(step: str) -> Event:
    from stigmergy.platform.episode.events import BudgetRefused as Refused

    return Refused(node="n", reason=step)


SharedBudgetMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
test_any_sequence_keeps_the_caps_and_the_money = SharedBudgetMachine.TestCase
