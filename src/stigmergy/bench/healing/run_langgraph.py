"""A static workflow in LangGraph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stigmergy.bench.healing.outcome import Told
from stigmergy.bench.healing.rules import objection
from stigmergy.bench.healing.static_workflows import HELD, WORKFLOWS, State, Use
from stigmergy.bench.healing.topology import Topology
from stigmergy.bench.healing.world import Faults, World
from stigmergy.domain import Status
from stigmergy.errors import AgentError


async def run_langgraph(topology: Topology, faults: Faults, labels: Mapping[str, str]) -> tuple[Told, World]:
    """One task through the compiled workflow."""
    world = World(topology.tools, faults)
    workflow = WORKFLOWS[topology.name](_using(topology, world, faults, labels)).compile()
    ended = await workflow.ainvoke(State(done=[], errors=[], status="", left_out=[]))
    world.ended()
    return _told(ended), world


def _using(topology: Topology, world: World, faults: Faults, labels: Mapping[str, str]) -> Use:
    def use(tool: str) -> str | None:
        held = objection(topology.rules, tool, labels)
        if held is not None:
            return f"{HELD}{held}"
        if tool in faults.known:
            return "known to be down"
        try:
            world.use(tool, tool)
        except AgentError as error:
            return error.reason
        return None

    return use


def _told(ended: Mapping[str, Any]) -> Told:
    return Told(
        status=Status(ended["status"]) if ended["status"] else None,
        reason="; ".join(f"{tool}: {error}" for tool, error in ended["errors"]),
        dropped=tuple(ended["left_out"]),
    )
