"""The 19 scenarios, and what the right outcome of each is. It was written down before anything was run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import yaml

from stigmergy.domain import AgentId, Status

_FILE: Final = Path(__file__).with_name("scenarios.yaml")


class Mode(StrEnum):
    """When failures are learnt of: before the start, or from the call that fails."""

    KNOWN = "known"
    MET = "met"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One situation. ``dead`` agents refuse every connection; ``risk`` are labels of a task that needs a person.

    ``names`` is what a demotion or an escalation has to name.
    """

    topology: str
    name: str
    right: Status
    dead: frozenset[AgentId] = frozenset()
    risk: Mapping[str, str] = field(default_factory=dict)
    names: tuple[str, ...] = ()


def load_scenarios() -> tuple[Scenario, ...]:
    """Every scenario, in the order of the published table."""
    document = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return tuple(_scenario(topology, entry) for topology, entries in document.items() for entry in entries)


def _scenario(topology: str, entry: Mapping[str, Any]) -> Scenario:
    return Scenario(
        topology=topology,
        name=entry["name"],
        right=Status(entry["right"]),
        dead=frozenset(entry.get("dead", ())),
        risk=entry.get("risk", {}),
        names=tuple(entry.get("names", ())),
    )
