"""What a gateway or worker finds deployed beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from stigmergy.domain import AgentId


@dataclass(frozen=True)
class Deployed:
    """Agents and language models that have deployments of their own: nodes while Serve binds them, then handles."""

    agents: Mapping[AgentId, Any] = field(default_factory=dict)
    models: Mapping[str, Any] = field(default_factory=dict)
