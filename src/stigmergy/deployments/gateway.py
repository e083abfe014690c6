"""The ingress: HTTP, routing and the engine in one process, one hop behind the proxy."""

from __future__ import annotations

import os
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

from stigmergy.agents.catalog import build_agent, build_model
from stigmergy.agents.runners import SharedRunners
from stigmergy.deployments.agent_deployment import ServeGateway
from stigmergy.deployments.api import build_api
from stigmergy.deployments.coordinator_link import CoordinatorLink
from stigmergy.deployments.views import summarise
from stigmergy.domain import AgentId
from stigmergy.platform.runtime import Runtime, assemble
from stigmergy.platform.settings import Settings
from stigmergy.platform.store.open import open_store


class Gateway:
    """One gateway replica. What it works with is made and closed by the application's lifespan."""

    def __init__(self, settings: Settings, coordinator: Any, agents: Mapping[AgentId, Any]) -> None:
        self._settings = settings
        self._coordinator = coordinator
        self._handles = agents

    def __serve_build_asgi_app__(self) -> FastAPI:
        """Serve asks for the application once the replica is made."""
        return build_api(self._living)

    @asynccontextmanager
    async def _living(self) -> AsyncIterator[tuple[Runtime, CoordinatorLink]]:
        runners = SharedRunners()
        runtime = self._assemble(runners)
        link = CoordinatorLink(self._coordinator, runtime.reporter, self._settings.coordination.report_s)
        await runtime.start()
        link.start()
        try:
            yield runtime, link
        finally:
            await runtime.aclose()
            await link.aclose()
            await runners.aclose()

    def _assemble(self, runners: SharedRunners) -> Runtime:
        settings = self._settings
        models = {name: build_model(name, config, os.environ) for name, config in settings.models.items()}
        inline = {
            name: build_agent(name, config, models, runners)
            for name, config in settings.agents.items()
            if config.runs != "deployment"
        }
        return assemble(
            settings,
            gateway=ServeGateway(inline, self._handles),
            store=open_store(settings.store.url, settings.store.durability),
            owner=f"gateway-{uuid.uuid4().hex[:12]}",
            environ=os.environ,
            summarise=summarise,
        )
