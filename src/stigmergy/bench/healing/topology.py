"""The three topologies: configuration files of the product, and the tools that are named in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from stigmergy.agents.configs import ScriptedConfig
from stigmergy.bench.healing.rules import Rule, rules_of
from stigmergy.domain import AgentId
from stigmergy.platform.settings import Settings, settings_from

ORDINARY: Final[Mapping[str, Mapping[str, str]]] = {
    "support": {"amount_usd": "40"},
    "travel": {"amount_usd": "1800"},
    "moderation": {},
}
"""The labels of a task that needs nobody's approval, by topology."""
NAMES: Final = tuple(ORDINARY)
_HERE: Final = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """What every system that is compared has at hand. ``idempotent``: one key has its side effect once."""

    name: AgentId
    description: str
    reply: str
    effect: str | None = None
    idempotent: bool = False


@dataclass(frozen=True, slots=True)
class Topology:
    """One configuration file, as the product reads it and as it stands there (``graph``: its one graph, raw).

    ``labels`` are those of an ordinary task.
    """

    name: str
    settings: Settings
    graph: Mapping[str, Any]
    tools: Mapping[AgentId, Tool]
    rules: tuple[Rule, ...]
    labels: Mapping[str, str]


def load_topology(name: str) -> Topology:
    """The topology of this name, read through the product's own settings; raises ConfigError."""
    path = _HERE / "topologies" / f"{name}.yaml"
    text = path.read_text(encoding="utf-8")
    settings = settings_from(text, {}, str(path))
    tools = {agent: _tool(agent, config) for agent, config in settings.agents.items() if config.kind == "scripted"}
    graph = yaml.safe_load(text)["graphs"][name]
    return Topology(name, settings, graph, tools, rules_of(graph), ORDINARY[name])


def _tool(agent: AgentId, config: ScriptedConfig) -> Tool:
    return Tool(
        name=agent,
        description=config.description,
        reply=config.replies[0],
        effect=config.effect,
        idempotent=config.idempotent,
    )
