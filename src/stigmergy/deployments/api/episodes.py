"""What ran: summaries, events, and judgements from outside."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from stigmergy import wire
from stigmergy.deployments.api.accepting import parsed, read_body
from stigmergy.deployments.api.asking import asker_of, own_episode
from stigmergy.deployments.api.schema import asks, refusals
from stigmergy.deployments.views import episode_model
from stigmergy.domain import Episode, Status
from stigmergy.errors import EpisodeNotFound
from stigmergy.platform.records import EpisodeFilter, Feedback
from stigmergy.platform.runtime import Runtime

router = APIRouter(prefix="/v1/episodes", tags=["episodes"])

_JSON = "application/json"
_STORED_WITHIN_S = 1.0
_ASK_AGAIN_S = 0.05


@router.get("", response_model=wire.EpisodePageModel, responses=refusals(400, 422, 503))
async def list_episodes(
    request: Request,
    graph: str | None = None,
    router: str | None = None,
    status: Status | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
    cursor: str | None = None,
) -> Response:
    """Episodes, newest first."""
    runtime: Runtime = request.app.state.runtime
    narrow = EpisodeFilter(
        tenant=asker_of(request).tenant, graph=graph, router=router, status=status, limit=limit, cursor=cursor
    )
    page = await runtime.store.episodes.list(narrow)
    found = wire.EpisodePageModel(episodes=tuple(map(episode_model, page.episodes)), next_cursor=page.next_cursor)
    return Response(found.model_dump_json(), media_type=_JSON)


@router.get("/{episode_id}", response_model=wire.EpisodeModel, responses=refusals(404, 503))
async def get_episode(request: Request, episode_id: str) -> Response:
    """One episode with all its events. What has ended but is not stored yet is waited for."""
    runtime: Runtime = request.app.state.runtime
    episode = own_episode(request, await _stored(runtime, episode_id))
    events = await runtime.store.journal.read(episode_id)
    return Response(episode_model(episode, events).model_dump_json(), media_type=_JSON)


@router.post(
    "/{episode_id}/feedback",
    response_model=wire.EpisodeModel,
    responses=refusals(400, 404, 422, 503),
    openapi_extra=asks(wire.FeedbackRequest),
)
async def give_feedback(request: Request, episode_id: str) -> Response:
    """Judge an episode; its router learns from it."""
    runtime: Runtime = request.app.state.runtime
    asked = parsed(wire.FeedbackRequest, await read_body(request))
    own_episode(request, await _stored(runtime, episode_id))
    feedback = Feedback(episode_id, asked.quality, asked.source, asked.comment or None, runtime.clock.now())
    episode = await runtime.debrief.feedback(feedback)
    return Response(episode_model(episode).model_dump_json(), media_type=_JSON)


async def _stored(runtime: Runtime, episode_id: str) -> Episode:
    """The episode. It may have ended a moment ago, here or in another replica, and be on its way to the store.

    Raises:
        EpisodeNotFound: it is not there after a second.
    """
    until = runtime.clock.monotonic() + _STORED_WITHIN_S
    while True:
        try:
            return await runtime.store.episodes.get(episode_id)
        except EpisodeNotFound:
            if runtime.clock.monotonic() >= until:
                raise
        await asyncio.sleep(_ASK_AGAIN_S)
