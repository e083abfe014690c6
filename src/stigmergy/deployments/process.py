"""What a gateway and a worker have in common: the platform of one process, and its connection to the coordinator."""

from __future__ import annotations

import gc
import os
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from stigmergy.agents.catalog import build_agent
from stigmergy.agents.models.base import LanguageModel
from stigmergy.agents.runners import SharedRunners
from stigmergy.deployments.agent_deployment import ServeGateway
from stigmergy.deployments.coordinator_link import CoordinatorLink
from stigmergy.deployments.deployed import Deployed
from stigmergy.deployments.model_deployment import models_of
from stigmergy.deployments.views import summarise
from stigmergy.platform.runtime import Runtime, assemble
from stigmergy.platform.settings import Settings
from stigmergy.platform.store.open import open_store

_COLLECT_AFTER: Final = (10_000, 5, 200)


@asynccontextmanager
async def living(
    settings: Settings, coordinator: Any, deployed: Deployed, role: str
) -> AsyncIterator[tuple[Runtime, CoordinatorLink]]:
    """A process that runs tasks, from its first to its last moment."""
    runners = SharedRunners()
    models = models_of(settings, deployed.models, os.environ, settings.models)
    runtime = _assemble(settings, models, runners, deployed, role)
    link = CoordinatorLink(coordinator, runtime.reporter, settings.coordination.report_s)
    await runtime.start()
    link.start()
    _collect_garbage_in_small_pieces()
    try:
        yield runtime, link
    finally:
        await runtime.aclose()
        await link.aclose()
        await runners.aclose()
        for model in models.values():
            await model.aclose()


def _collect_garbage_in_small_pieces() -> None:
    """Look for cycles after 10,000 new objects instead of 700, and never among what is there now.

    A request makes hundreds, hardly any of them in cycles: looking takes a tenth of its processor time. Every look
    holds all requests up: modules, settings and graphs alone take .2 s to look through, and stay anyway. The second
    generation is looked through after few looks at the first, so that it is small.
    """
    gc.set_threshold(*_COLLECT_AFTER)
    gc.collect()
    gc.freeze()


def _assemble(
    settings: Settings, models: Mapping[str, LanguageModel], runners: SharedRunners, deployed: Deployed, role: str
) -> Runtime:
    inline = {
        name: build_agent(name, config, models, runners)
        for name, config in settings.agents.items()
        if config.runs != "deployment"
    }
    return assemble(
        settings,
        gateway=ServeGateway(inline, deployed.agents),
        store=open_store(settings.store.url, settings.store.durability),
        owner=f"{role}-{uuid.uuid4().hex[:12]}",
        environ=os.environ,
        models=models,
        summarise=summarise,
    )
