"""An ingress of Ray Serve that passes bytes on to the upstream and back: what is left when all that is ours is gone."""

from __future__ import annotations

import aiohttp
from ray import serve
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

PREFIX = "/bare"
_APPLICATION = "bare"


class BareIngress:
    """One replica."""

    def __init__(self, upstream_port: int) -> None:
        self._upstream = f"http://127.0.0.1:{upstream_port}"
        self._session: aiohttp.ClientSession | None = None

    def __serve_build_asgi_app__(self) -> Starlette:
        """Serve asks for the application once the replica is made."""
        return Starlette(
            routes=[Route("/{path:path}", self._pass_on, methods=["POST"]), Route("/ready", _ready, methods=["GET"])]
        )

    async def _pass_on(self, request: Request) -> Response:
        if self._session is None:
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        body = await request.body()
        url, kind = f"{self._upstream}/{request.path_params['path']}", {"content-type": "application/json"}
        answer = await self._session.post(url, data=body, headers=kind)
        if answer.content_type == "text/event-stream":
            return StreamingResponse(answer.content.iter_any(), media_type="text/event-stream")
        return Response(await answer.read(), answer.status, media_type=answer.content_type)


async def _ready(_request: Request) -> Response:
    return Response("ready")


def serve_bare(upstream_port: int) -> None:
    """Serve it beside the gateway, with the gateway's own limits."""
    deployment = serve.deployment(
        serve.ingress()(BareIngress),
        name="ingress",
        max_ongoing_requests=2000,
        ray_actor_options={"num_cpus": 0},
    )
    serve.run(deployment.bind(upstream_port), name=_APPLICATION, route_prefix=PREFIX)
