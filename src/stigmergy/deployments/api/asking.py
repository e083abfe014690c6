"""Who asks, and that nobody sees what is another tenant's."""

from __future__ import annotations

from fastapi import Request

from stigmergy.domain import Episode, TaskId
from stigmergy.errors import EpisodeNotFound, NotOperator, TaskNotFound
from stigmergy.platform.keyring import Asker
from stigmergy.platform.records import TaskRecord
from stigmergy.platform.runtime import Runtime


async def identify(request: Request) -> None:
    """Before a door opens: find out who asks.

    Raises:
        Unauthorized: the server has keys, and the request shows none of them.
    """
    runtime: Runtime = request.app.state.runtime
    request.state.asker = runtime.keyring.asker(request.headers.get("authorization"))


def asker_of(request: Request) -> Asker:
    """Whom ``identify`` found."""
    asker: Asker = request.state.asker
    return asker


def expect_operator(request: Request) -> None:
    """Raises NotOperator where the asker is none; without keys, whoever reaches the server is one."""
    asker = asker_of(request)
    if not asker.operator:
        raise NotOperator(asker.tenant)


async def own_task(request: Request, task_id: TaskId) -> TaskRecord:
    """The task, if it is the asker's.

    Raises:
        TaskNotFound: there is none, or it is another tenant's: which of both is not told.
    """
    runtime: Runtime = request.app.state.runtime
    record = await runtime.store.tasks.get(task_id)
    if record.task.tenant != asker_of(request).tenant:
        raise TaskNotFound(task_id)
    return record


def own_episode(request: Request, episode: Episode) -> Episode:
    """The episode, if it is the asker's; raises EpisodeNotFound otherwise."""
    if episode.tenant != asker_of(request).tenant:
        raise EpisodeNotFound(episode.id)
    return episode
