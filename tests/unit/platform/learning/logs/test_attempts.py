"""From the journal to a log that routers are trained on."""

from __future__ import annotations

import random

import numpy as np
import pytest

from stigmergy.agents.catalog import build_agent
from stigmergy.domain import Status, Task
from stigmergy.errors import InvalidLog, RecordUnreadable
from stigmergy.platform.agent_gateway import InProcessGateway
from stigmergy.platform.learning.evaluation.outcome_table import tabulate
from stigmergy.platform.learning.logs.attempts import attempts_of, stored_attempts
from stigmergy.platform.learning.logs.decisions import NodeDecision, decisions_of
from stigmergy.platform.learning.logs.episodes import LoggedEpisode, logged_episodes
from stigmergy.platform.records import EpisodeFilter, StoredEvent
from stigmergy.platform.runtime import assemble
from stigmergy.platform.settings import settings_from
from stigmergy.platform.store.memory import MemoryStore
from stigmergy.testing import EPOCH, FakeClock

CONFIG = """
agents:
  right: {kind: scripted, replies: ["4"], price: {per_call: "0.01"}}
  wrong: {kind: scripted, replies: ["5"], price: {per_call: "0.001"}}
  check: {kind: scripted, replies: ["done"], price: {per_call: "0.002"}}
graphs:
  sums: {stages: [[right, wrong]], router: random, evaluator: {kind: exact}}
  unjudged: {stages: [[right, wrong]], router: random}
  checked: {stages: [[right, wrong], [check]], router: random, evaluator: {kind: exact}}
routers:
  random: {kind: random}
"""


async def store_of(graph: str, tasks: int = 12) -> MemoryStore:
    """A store with finished tasks of a graph; each of three queries is asked several times."""
    settings = settings_from(CONFIG, {})
    agents = {name: build_agent(name, config, {}) for name, config in settings.agents.items()}
    store = MemoryStore()
    runtime = assemble(
        settings,
        gateway=InProcessGateway(agents),
        store=store,
        owner="here",
        environ={},
        summarise=lambda _: "{}",
        clock=FakeClock(),
        rng=random.Random(3),
    )
    await runtime.start()
    for n in range(tasks):
        text = f"{n % 3}+{4 - n % 3}"
        await runtime.desk.accept(
            Task(id=f"t{n}", text=text, graph=graph, router="random", reference="4", created_at=EPOCH), text
        )
    await runtime.desk.aclose()
    await runtime.debrief.drain()
    return store


async def logged(store: MemoryStore, limit: int = 5) -> list[LoggedEpisode]:
    return [each async for each in logged_episodes(store, EpisodeFilter(limit=limit))]


async def test_every_stored_episode_comes_once_whatever_the_size_of_a_page() -> None:
    store = await store_of("sums")
    found = await logged(store)
    assert {each.task.id for each in found} == {f"t{n}" for n in range(12)}
    assert [each.episode.id for each in found] == [each.episode.id for each in await logged(store, limit=1)]
    assert all(each.episode.status is Status.COMPLETED and each.outcome().quality is not None for each in found)


async def test_an_event_that_was_changed_is_named() -> None:
    store = await store_of("sums", 1)
    (one,) = await logged(store)
    odd = StoredEvent(one.episode.id, 999, "odd", "{}", 2, EPOCH)
    await store.journal.append(one.episode.id, [odd])
    with pytest.raises(RecordUnreadable, match="event 999"):
        await logged(store)


async def test_a_judged_choice_is_a_decision_with_its_price() -> None:
    decisions = [each for one in await logged(await store_of("sums")) for each in decisions_of(one)]
    assert {(each.agent, each.score, each.cost_usd) for each in decisions} == {
        ("right", 1.0, 0.01),
        ("wrong", 0.0, 0.001),
    }
    assert {each.node for each in decisions} == {"right", "wrong"}


async def test_an_agent_that_could_not_be_chosen_otherwise_is_no_decision() -> None:
    decisions = [each for one in await logged(await store_of("checked")) for each in decisions_of(one)]
    assert {each.agent for each in decisions} == {"right", "wrong"}


async def test_what_nobody_judged_teaches_nothing() -> None:
    with pytest.raises(InvalidLog, match=r"episodes of graph unjudged.*no judged episode"):
        await stored_attempts(await store_of("unjudged"), "unjudged")


async def test_the_table_has_a_row_per_query_and_a_hole_where_nobody_was_asked() -> None:
    table = tabulate(await stored_attempts(await store_of("sums", 4), "sums"), ())
    assert (len(table.texts), table.arms) == (3, ("right", "wrong"))
    assert np.isnan(table.quality).any()
    assert set(table.quality[~np.isnan(table.quality)]) == {0.0, 1.0}


def decision(**facts: object) -> NodeDecision:
    told: dict[str, object] = {
        "episode_id": "ep", "query": "2+2", "task_type": "sum", "node": "n", "agent": "a", "score": 1.0,
        "cost_usd": 0.5, "tokens": 3, "judged_probability": 1.0,
    }  # fmt: skip
    return NodeDecision(**{**told, **facts})  # type: ignore[arg-type]


def test_runs_of_one_cell_weigh_by_the_inverse_of_their_chance_of_being_judged() -> None:
    seldom = decision(score=0.0, cost_usd=1.0, judged_probability=0.25)
    attempts = attempts_of([decision(), seldom, decision(agent="b")], "made")
    assert attempts.score.tolist() == pytest.approx([0.2, 1.0])
    assert attempts.cost.tolist() == pytest.approx([0.9, 0.5])


def test_one_text_of_two_task_types_is_two_queries() -> None:
    attempts = attempts_of([decision(), decision(task_type="date")], "made")
    assert len(tabulate(attempts, ()).texts) == 2


def test_equal_decisions_have_an_equal_fingerprint_in_any_order() -> None:
    one, two = decision(), decision(agent="b")
    assert attempts_of([one, two], "made").files == attempts_of([two, one], "made").files
    assert attempts_of([one], "made").files != attempts_of([two], "made").files
