"""An engine over scripted agents on a clock that stands still, and random graphs."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, TypeAlias

import pytest
from hypothesis import strategies as st

from stigmergy.agents.base import Reply
from stigmergy.agents.scripted import InOrder, Line, Script, ScriptedAgent
from stigmergy.domain import START, AgentId, AgentProfile, Budget, NodeId, Price, Spend, TokenCaps, Usage
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.nodes import AgentNode, GraphSpec
from stigmergy.graphs.weights import WeightModel
from stigmergy.platform.agent_gateway import InProcessGateway
from stigmergy.platform.budgets.accounts import Accounts
from stigmergy.platform.engine import Approvals, Engine, EngineLimits, Ran, RouterInService, RunCancelled
from stigmergy.platform.engine.oversight import NOBODY
from stigmergy.platform.healing import Healing
from stigmergy.platform.health import BreakerConfig, HealthBoard
from stigmergy.platform.live_events import LiveEvents
from stigmergy.platform.monitors import Monitor
from stigmergy.platform.records import Fence
from stigmergy.platform.store.memory import MemoryStore
from stigmergy.platform.task_journal import TaskJournal
from stigmergy.routers.base import Router
from stigmergy.routers.price_baselines import CheapestRouter
from stigmergy.routers.query_features import FeatureReader, HashedNgrams
from stigmergy.routers.selection import Greedy, Selection
from stigmergy.testing import FakeClock, agent_profile, task

Lines: TypeAlias = Script | Sequence[Line]
_NO_LIMITS, _BREAKERS = Budget(), BreakerConfig()
NAMES = ("delta", "alpha", "echo", "bravo", "foxtrot")


@dataclass
class House:
    """One engine with everything it works with."""

    graph: AgentGraph
    agents: Mapping[AgentId, ScriptedAgent]
    engine: Engine
    health: HealthBoard
    clock: FakeClock
    delivered: list[Ran] = field(default_factory=list)

    async def run(self, budget: Budget = _NO_LIMITS, episode_id: str = "ep", **facts: Any) -> Ran:
        try:
            ran = await self.engine.run(self.task(budget, **facts), episode_id)
        except RunCancelled as cancelled:
            self.delivered.append(cancelled.ran)
            raise
        self.delivered.append(ran)
        return ran

    def task(self, budget: Budget = _NO_LIMITS, **facts: Any) -> Any:
        return replace(task(graph=self.graph.name, router="router", budget=budget), **facts)

    def calls(self, agent: AgentId) -> int:
        return len(self.agents[agent].requests)


def _house(
    graph: AgentGraph,
    scripts: Mapping[AgentId, Lines] | None = None,
    *,
    router: Router | None = None,
    selection: Selection | None = None,
    max_attempts: int = 2,
    breakers: BreakerConfig = _BREAKERS,
    seed: int = 1,
    clock: FakeClock | None = None,
    monitors: Sequence[Monitor] = (),
    approvals: Approvals = NOBODY,
    accounts: Accounts | None = None,
) -> House:
    clock, written = clock or FakeClock(), scripts or {}
    profiles = _profiles(graph)
    agents = {name: ScriptedAgent(each, _script(written.get(name, [name]))) for name, each in profiles.items()}
    health = HealthBoard(agents, breakers, clock.monotonic)
    served = RouterInService("router", router or CheapestRouter(), selection or Greedy(), "greedy", lambda: "p1")
    engine = Engine(
        graphs={graph.name: graph},
        routers={"router": served},
        gateway=InProcessGateway(agents),
        health=health,
        healing=Healing(WeightModel()),
        features=FeatureReader(HashedNgrams()),
        clock=clock,
        rng=random.Random(seed),
        limits=EngineLimits(max_attempts),
        monitors={graph.name: monitors},
        approvals=approvals,
        accounts=accounts,
    )
    return House(graph, agents, engine, health, clock)


def _profiles(graph: AgentGraph) -> dict[AgentId, AgentProfile]:
    found = {graph.profile(node).id: graph.profile(node) for node in graph.nodes if node not in graph.branches}
    for arm in (arm for arms in graph.branches.values() for arm in arms.values()):
        found |= _profiles(arm)
    return found if graph.escalation is None else {**found, graph.escalation.id: graph.escalation}


def _script(lines: Lines) -> Script:
    return InOrder(lines) if isinstance(lines, Sequence) else lines


@pytest.fixture(scope="session")
def house() -> Callable[..., House]:
    """``house(graph, {agent: lines}, **options)``; an agent without lines answers with its name."""
    return _house


def _graph(stages: Sequence[Sequence[AgentProfile]], **spec: Any) -> AgentGraph:
    extra = spec.pop("extra", ())
    profiles = {each.id: each for stage in stages for each in stage} | {each.id: each for each in extra}
    names = tuple(tuple(each.id for each in stage) for stage in stages)
    return AgentGraph("linear", GraphSpec(stages=names, **spec), profiles)


@pytest.fixture(scope="session")
def staged() -> Callable[..., AgentGraph]:
    """``staged([[profile, ...], ...], extra=(profiles,), **spec)``."""
    return _graph


@pytest.fixture(scope="session")
def profile() -> Callable[..., AgentProfile]:
    """``profile(name, usd, **facts)``: one model call of at most 15 tokens."""

    def made(name: AgentId, usd: str | int = 1, **facts: Any) -> AgentProfile:
        idempotent = facts.pop("idempotent", False)
        caps = facts.pop("caps", TokenCaps(10, 5, 1))
        return replace(agent_profile(name, usd, caps=caps, **facts), idempotent=idempotent)

    return made


@pytest.fixture(scope="session")
def kinds() -> Callable[[Ran], list[str]]:
    """The kinds of a run's events, in order."""
    return lambda ran: [recorded.event.kind for recorded in ran.events]


@pytest.fixture(scope="session")
def used() -> Callable[..., Reply]:
    """``used(usd, tokens=0, text="done")``: a reply that states what it used."""
    return lambda usd, tokens=0, text="done": Reply(text=text, usage=Usage(tokens, 0, 1, Decimal(str(usd))))


@pytest.fixture(scope="session")
def stored() -> Callable[[MemoryStore, Ran], Awaitable[None]]:
    """``await stored(store, run)``: keeps a finished run as its task's end does."""

    async def store_it(store: MemoryStore, ran: Ran) -> None:
        closing = TaskJournal(store.journal, LiveEvents(), Fence(ran.task.id, 0), ran.episode.id).closing(ran)
        await store.journal.append(closing.episode.id, closing.events)
        await store.episodes.save(closing.episode)

    return store_it


@st.composite
def _graphs(draw: st.DrawFn) -> AgentGraph:
    names = tuple(draw(st.permutations(NAMES)))[: draw(st.integers(1, len(NAMES)))]
    small, effects = st.integers(0, 4), st.sampled_from((None, None, None, "book"))
    profiles = {
        name: AgentProfile(
            id=name,
            price=Price(per_call=Decimal(draw(small))),
            caps=TokenCaps(draw(small), 0, draw(st.integers(1, 2))),
            effect=draw(effects),
            timeout_s=0.05,
        )
        for name in names
    }
    nodes = {
        name: AgentNode(agent=name, optional=draw(st.booleans()), loss=draw(st.sampled_from((0.0, 0.25))))
        for name in names
    }
    escalation = draw(st.none() | st.sampled_from(names))
    spec = GraphSpec(nodes=nodes, edges=_edges(draw, names), escalation=escalation)
    return AgentGraph("linear", spec, profiles)


def _edges(draw: st.DrawFn, names: tuple[NodeId, ...]) -> Mapping[NodeId, tuple[NodeId, ...]]:
    """Random edges along ``names`` that put every name on a way from START to GOAL."""
    edges: dict[NodeId, set[NodeId]] = {name: set() for name in (START, *names)}
    for index, name in enumerate(names):
        for source in draw(st.sets(st.sampled_from((START, *names[:index])), min_size=1)):
            edges[source].add(name)
    for name in names:
        if not edges[name] or draw(st.booleans()):
            edges[name].add("GOAL")
    return {source: tuple(targets) for source, targets in edges.items()}


@pytest.fixture(scope="session")
def graphs() -> st.SearchStrategy[AgentGraph]:
    """Random graphs of one to five nodes; some optional, some with an effect, some with an escalation agent."""
    return _graphs()


@pytest.fixture(scope="session")
def budgets() -> st.SearchStrategy[Budget]:
    """Random budgets, some without limits."""
    usd = st.none() | st.integers(0, 14).map(Decimal)
    return st.builds(Budget, usd, st.none() | st.integers(0, 20), st.none() | st.integers(0, 10))


@pytest.fixture(scope="session")
def spends() -> st.SearchStrategy[Spend]:
    """Random small amounts of every resource."""
    return st.builds(Spend, st.integers(0, 5).map(Decimal), st.integers(0, 6), st.integers(0, 3))
