"""What a gateway and a worker have in common: the platform of one process, and its connection to the coordinator."""

from __future__ import annotations

import os
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from stigmergy.agents.catalog import build_agent, build_model
from stigmergy.agents.runners import SharedRunners
from stigmergy.deployments.agent_deployment import ServeGateway
from stigmergy.deployments.coordinator_link import CoordinatorLink
from stigmergy.deployments.views import summarise
from stigmergy.domain import AgentId
from stigmergy.platform.runtime import Runtime, assemble
from stigmergy.platform.settings import Settings
from stigmergy.platform.store.open import open_store


@asynccontextmanager
async def living(
    settings: Settings, coordinator: Any, agents: Mapping[AgentId, Any], role: str
) -> AsyncIterator[tuple[Runtime, CoordinatorLink]]:
    """A process that runs tasks, from its first to its last moment. ``agents`` are handles of deployments."""
    runners = SharedRunners()
    runtime = _assemble(settings, runners, agents, role)
    link = CoordinatorLink(coordinator, runtime.reporter, settings.coordination.report_s)
    await runtime.start()
    link.start()
    try:
        yield runtime, link
    finally:
        await runtime.aclose()
        await link.aclose()
        await runners.aclose()


def _assemble(settings: Settings, runners: SharedRunners, agents: Mapping[AgentId, Any], role: str) -> Runtime:
    models = {name: build_model(name, config, os.environ) for name, config in settings.models.items()}
    inline = {
        name: build_agent(name, config, models, runners)
        for name, config in settings.agents.items()
        if config.runs != "deployment"
    }
    return assemble(
        settings,
        gateway=ServeGateway(inline, agents),
        store=open_store(settings.store.url, settings.store.durability),
        owner=f"{role}-{uuid.uuid4().hex[:12]}",
        environ=os.environ,
        summarise=summarise,
    )
