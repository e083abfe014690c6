"""The ingress: HTTP, routing and the engine in one process, one hop behind the proxy."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from stigmergy.deployments.api import build_api
from stigmergy.deployments.deployed import Deployed
from stigmergy.deployments.front_door import open_front_door
from stigmergy.deployments.process import living
from stigmergy.platform.settings import Settings


class Gateway:
    """One gateway replica. What it works with is made and closed by the application's lifespan."""

    def __init__(self, settings: Settings, coordinator: Any, deployed: Deployed, _workers: Any = None) -> None:
        """Leave the workers alone: they are bound to the ingress so that Serve deploys them with it."""
        self._settings = settings
        self._coordinator = coordinator
        self._deployed = deployed

    def __serve_build_asgi_app__(self) -> FastAPI:
        """Serve asks for the application once the replica is made."""
        application = build_api(lambda: living(self._settings, self._coordinator, self._deployed, "gateway"))
        open_front_door(application)
        return application
