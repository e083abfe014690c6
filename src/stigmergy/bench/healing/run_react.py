"""A ReAct loop (Yao et al., 2023): the language model sees the tools and all that happened, and decides every step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from stigmergy.bench.healing.outcome import Told
from stigmergy.bench.healing.reasoner import FAILED, ScriptedReasoner
from stigmergy.bench.healing.topology import Topology
from stigmergy.bench.healing.world import Faults, World
from stigmergy.domain import Status
from stigmergy.errors import AgentError

_MOST_STEPS: Final = 30


async def run_react(topology: Topology, faults: Faults, labels: Mapping[str, str]) -> tuple[Told, World]:
    """One task by the loop; a loop that does not end tells its caller nothing."""
    world, model = World(topology.tools, faults), ScriptedReasoner()
    prompt = _prompt(topology, faults, labels)
    for step in range(_MOST_STEPS):
        answer = model.complete(prompt)
        _, _, final = answer.partition("Final: ")
        if final:
            world.ended()
            return _told(final, model.calls), world
        _, _, tool = answer.partition("Action: ")
        prompt += f"{answer}\nObservation: {_observed(world, tool, f'{step}')}\n"
    world.ended()
    return Told(status=None, llm_calls=model.calls), world


def _prompt(topology: Topology, faults: Faults, labels: Mapping[str, str]) -> str:
    tools = "\n".join(
        f"- {tool.name}{' [known to be down]' if tool.name in faults.known else ''}: {tool.description}"
        for tool in topology.tools.values()
    )
    facts = "".join(f"{name}: {value}\n" for name, value in labels.items())
    rules = "".join(f"Rule: {rule}\n" for rule in topology.rules)
    goal = topology.settings.graphs[topology.name].description
    return (
        "Do the task with these tools, one at a time. Answer with a Thought and an Action, the name of a tool; or,\n"
        "at the end, with Final: completed, demoted (say without what) or escalated (say why).\n"
        f"{tools}\n{rules}\nTask: {goal}\n{facts}"
    )


def _observed(world: World, tool: str, key: str) -> str:
    try:
        return world.use(tool, key)
    except AgentError as error:
        return f"{FAILED} {error}"


def _told(final: str, llm_calls: int) -> Told:
    status, _, reason = final.partition(": ")
    _, _, dropped = reason.partition("without ")
    return Told(
        status=Status(status),
        reason=reason,
        dropped=tuple(dropped.split(", ")) if dropped else (),
        llm_calls=llm_calls,
    )
