"""Ours: the platform of one gateway process, put together from the configuration file, with its store in memory."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, datetime

from stigmergy.agents.base import Agent
from stigmergy.agents.catalog import build_agent, build_model
from stigmergy.bench.healing.outcome import Told
from stigmergy.bench.healing.topology import Topology
from stigmergy.bench.healing.world import Faults, RehearsedAgent, World
from stigmergy.domain import AgentId, Status, Task
from stigmergy.platform.agent_gateway import InProcessGateway
from stigmergy.platform.engine import Ran
from stigmergy.platform.learning.audit import silent_failures
from stigmergy.platform.records import TaskRecord
from stigmergy.platform.runtime import Runtime, assemble
from stigmergy.platform.settings import Settings
from stigmergy.platform.store.memory import MemoryStore


async def run_stigmergy(topology: Topology, faults: Faults, labels: Mapping[str, str]) -> tuple[Told, World]:
    """One task over the desk, until it ends or waits for a person, who is not played here.

    What is known beforehand stands on the health board, as if another replica had found it out.
    """
    world, ended = World(topology.tools, faults), list[Ran]()
    runtime = _runtime(topology.settings, world, ended)
    runtime.health.adopt(faults.known)
    await runtime.start()
    task = _task(topology, labels)
    await runtime.desk.accept(task, "")
    answered = await runtime.desk.finished(task.id)
    world.ended()
    await runtime.aclose()
    return _told(ended[0]) if ended else _asked(answered.record), world


def _runtime(settings: Settings, world: World, ended: list[Ran]) -> Runtime:
    def keep(ran: Ran) -> str:
        ended.append(ran)
        return "{}"

    return assemble(
        settings,
        gateway=InProcessGateway(_agents(settings, world)),
        store=MemoryStore(),
        owner="bench",
        environ={},
        summarise=keep,
        rng=random.Random(1),
    )


def _agents(settings: Settings, world: World) -> dict[AgentId, Agent]:
    models = {name: build_model(name, config, {}) for name, config in settings.models.items()}
    agents = {name: build_agent(name, config, models) for name, config in settings.agents.items()}
    return {name: RehearsedAgent(agent, world) if name in world.tools else agent for name, agent in agents.items()}


def _task(topology: Topology, labels: Mapping[str, str]) -> Task:
    graph = topology.settings.graphs[topology.name]
    return Task(
        id="rehearsal",
        text=graph.description,
        graph=topology.name,
        router=graph.router,
        labels=labels,
        created_at=datetime.now(UTC),
    )


def _told(ran: Ran) -> Told:
    """What the caller hears; nothing, if a failure went by without an answer in the journal."""
    episode = ran.episode
    audited = silent_failures([recorded.event for recorded in ran.events]) == 0
    return Told(
        status=episode.status if audited and episode.status in _EXPLICIT else None,
        reason=episode.reason,
        dropped=episode.dropped,
        llm_calls=episode.control_llm_calls,
    )


def _asked(record: TaskRecord) -> Told:
    """What the caller hears of a task that has not ended: whose approval of what it waits for."""
    question = record.question
    if record.status is not Status.NEEDS_APPROVAL or question is None:
        return Told(status=None)
    reason = f"{question.agent} is not called until a person approves: {question.reason}"
    return Told(status=Status.ESCALATED, reason=reason)


_EXPLICIT = frozenset({Status.COMPLETED, Status.DEMOTED, Status.ESCALATED})
