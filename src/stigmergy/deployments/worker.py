"""A process that only runs tasks: it has no route, and takes from the store what waits there."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

from ray import serve

from stigmergy.deployments.deployed import Deployed
from stigmergy.deployments.process import living
from stigmergy.platform.settings import Settings


class Worker:
    """One worker replica: a desk that nobody hands tasks to, so that it claims all of them."""

    async def __init__(  # type: ignore[misc]  # Serve awaits it
        self, settings: Settings, coordinator: Any, deployed: Deployed
    ) -> None:
        """Begin to claim."""
        self._life = AsyncExitStack()
        own = replace(settings, engine=replace(settings.engine, max_running=settings.workers.max_running))
        await self._life.enter_async_context(living(own, coordinator, deployed, "worker"))

    async def __del__(self) -> None:
        """Serve awaits this when it stops the replica: what does not end in time is handed over."""
        await self._life.aclose()


def deploy_workers(settings: Settings, coordinator: Any, deployed: Deployed) -> Any:
    """The Serve application node of the workers; None where there are none."""
    workers = settings.workers
    if not workers.replicas:
        return None
    deployment = serve.deployment(
        Worker,
        name="worker",
        num_replicas=workers.replicas,
        ray_actor_options={"num_cpus": workers.num_cpus},
        health_check_period_s=2,
        graceful_shutdown_timeout_s=20,
    )
    return deployment.bind(settings, coordinator, deployed)
