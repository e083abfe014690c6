"""The replicas on Ray Serve, and before them a caller that asks as a gateway does: through a deployment's handle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from math import inf
from typing import Any

from ray import serve
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from stigmergy.agents.models.replica_routing import ModelDeploymentConfig, ReplicaRoutingConfig
from stigmergy.bench.affinity.load import Asked, put
from stigmergy.bench.affinity.probe import Answer, Limit, summed_up
from stigmergy.bench.affinity.replica import ModelledReplica
from stigmergy.bench.affinity.system import Scene
from stigmergy.deployments.model_deployment import DeployedModel
from stigmergy.deployments.replica_routing.affinity import candidates
from stigmergy.deployments.replica_routing.request_router import request_router
from stigmergy.deployments.serve_options import serve_options

_ROOM = 500
"""Requests that a replica holds, and that may wait: so many that the limit in time is always the first to be met."""


class Caller:
    """Puts a load to the replicas when it is asked to."""

    def __init__(self, handle: Any, scene: Scene) -> None:
        self._model = DeployedModel("modelled", handle, None)
        self._scene = scene
        self._replicas: set[str] = set()

    def __serve_build_asgi_app__(self) -> Starlette:
        """Serve asks for the application once the replica is made."""
        return Starlette(
            routes=[
                Route("/ready", _ready),
                Route("/warm-up/{rate:float}", self._warm_up, methods=["POST"]),
                Route("/probe/{rate:float}", self._probe, methods=["POST"]),
            ]
        )

    async def _warm_up(self, request: Request) -> Response:
        await self._put(request.path_params["rate"], replace(self._scene.limit, slo_s=inf))
        return JSONResponse({})

    async def _probe(self, request: Request) -> Response:
        rate: float = request.path_params["rate"]
        asked = await self._put(rate, self._scene.limit)
        return JSONResponse(asdict(summed_up(rate, [self._answer(each) for each in asked], self._scene.limit)))

    async def _put(self, rate: float, limit: Limit) -> Sequence[Asked]:
        asked = await put(self._model, self._scene.stream(rate), limit)
        self._replicas |= {each.completion.text for each in asked if each.completion is not None}
        return asked

    def _answer(self, asked: Asked) -> Answer:
        if asked.completion is None:
            return Answer(asked.latency_s, failed=True, lag_s=asked.lag_s)
        usage, replica = asked.completion.usage, asked.completion.text
        home = replica in candidates(self._scene.prefix(asked.arrival), self._replicas)
        return Answer(asked.latency_s, usage.input_tokens, usage.cached_tokens, replica, home, lag_s=asked.lag_s)


async def _ready(_request: Request) -> Response:
    return Response("ready")


def serve_replicas(name: str, scene: Scene, routing: ReplicaRoutingConfig) -> None:
    """Serve the caller under ``/name``, with replicas of its own behind it."""
    config = ModelDeploymentConfig(
        num_replicas=scene.replicas,
        max_ongoing_requests=_ROOM,
        max_queued_requests=_ROOM,
        replica_routing=routing,
    )
    replicas = serve.deployment(
        ModelledReplica,
        name="model-modelled",
        request_router_config=request_router(config.replica_routing),
        **serve_options(config),
    )
    caller = serve.deployment(serve.ingress()(Caller), name="caller", ray_actor_options={"num_cpus": 0})
    serve.run(caller.bind(replicas.bind(scene.speed), scene), name=name, route_prefix=f"/{name}")


def stop_replicas(name: str) -> None:
    """Take them away again, so that the next ones have the machine to themselves."""
    serve.delete(name)
