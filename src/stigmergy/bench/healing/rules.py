"""When a person has to be asked first: the risk rules of a topology's file, as the other systems are given them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stigmergy.domain import AgentId


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Before ``agent`` is called a person decides when the task's label is above a number, or among some words."""

    agent: AgentId
    label: str
    above: float | None = None
    among: tuple[str, ...] = ()

    def objection(self, labels: Mapping[str, str]) -> str | None:
        """Why a person has to be asked; None when nobody has."""
        value = labels.get(self.label)
        if value is None or (float(value) <= self.above if self.above is not None else value not in self.among):
            return None
        return f"{self.agent} needs the approval of a person: {self.label} is {value}"

    def __str__(self) -> str:
        when = f"above {self.above:g}" if self.above is not None else f"one of {' '.join(self.among)}"
        return f"Before {self.agent} escalate to a person when {self.label} is {when}."


def rules_of(graph: Mapping[str, Any]) -> tuple[Rule, ...]:
    """The rules of a graph as it stands in its file."""
    return tuple(
        Rule(
            agent=rule["agent"],
            label=rule["label"],
            above=None if rule.get("above") is None else float(rule["above"]),
            among=tuple(rule.get("among", ())),
        )
        for rule in graph.get("monitors", {}).get("risk", ())
    )


def objection(rules: tuple[Rule, ...], agent: AgentId, labels: Mapping[str, str]) -> str | None:
    """The first rule's reason to ask a person before this agent is called."""
    found = (rule.objection(labels) for rule in rules if rule.agent == agent)
    return next((reason for reason in found if reason is not None), None)
