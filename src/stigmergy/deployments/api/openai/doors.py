"""The doors themselves: who asks, what for, and the answer in the form of that door."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeAlias

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from stigmergy.deployments.api.accepting import Submission, accept, body_hash, new_token, read_body
from stigmergy.deployments.api.openai.chat import ChatForm
from stigmergy.deployments.api.openai.coming import Coming, DirectAnswer, DurableAnswer, answered_alone
from stigmergy.deployments.api.openai.errors import Refusal, defect_of, refusal_of
from stigmergy.deployments.api.openai.forms import Form, Opening
from stigmergy.deployments.api.openai.models import list_models, one_model
from stigmergy.deployments.api.openai.request import Served, chat_task, read, response_task
from stigmergy.deployments.api.openai.responses import ResponseForm
from stigmergy.deployments.api.openai.telling import CallerGone, StreamedAnswer, while_connected
from stigmergy.domain import Task
from stigmergy.errors import MalformedRequest, ServerOverloaded, StigmergyError
from stigmergy.platform.runtime import Runtime
from stigmergy.wire_openai import ChatRequest, ResponseRequest

logger = logging.getLogger(__name__)

Door: TypeAlias = Callable[[Request, Submission], Awaitable[Response]]
Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]

_JSON: Final = "application/json"
_REQUEST_ID: Final = "x-request-id"
_LONGEST_KEY: Final = 255
_CALLER_GONE: Final = 499


def _answered(door: Door) -> Endpoint:
    """The door behind its keys, with errors in OpenAI's form and an id on every answer."""

    async def endpoint(request: Request) -> Response:
        runtime: Runtime = request.app.state.runtime
        token = new_token()
        request.state.id = f"req_{token}"
        try:
            asker = runtime.keyring.asker(request.headers.get("authorization"))
            key = _key(request.headers.get("idempotency-key"))
            response = await door(request, Submission(asker, runtime.clock.now(), key, token))
        except StigmergyError as error:
            logger.info("%s: %s", error.code, error)
            response = _refused(refusal_of(error))
        except (CallerGone, ClientDisconnect):
            response = Response(status_code=_CALLER_GONE)
        except Exception as error:
            logger.exception("defect while answering %s %s", request.method, request.url.path)
            response = _refused(defect_of(error))
        response.headers[_REQUEST_ID] = request.state.id
        return response

    return endpoint


def _refused(refusal: Refusal) -> Response:
    return Response(refusal.body(), refusal.status, refusal.headers, _JSON)


def _key(stated: str | None) -> str | None:
    if stated is not None and not 1 <= len(stated) <= _LONGEST_KEY:
        raise MalformedRequest((("Idempotency-Key", f"1 to {_LONGEST_KEY} characters, not {len(stated)}"),))
    return stated


async def _chat(request: Request, submission: Submission) -> Response:
    body = await read_body(request)
    asked = read(ChatRequest, body)
    task = chat_task(asked, _served(request), submission)
    usage = asked.stream_options is not None and asked.stream_options.include_usage
    form = ChatForm(Opening.of(task, asked.model), usage=usage)
    return await _tell(request, task, asked, form, body)


async def _response(request: Request, submission: Submission) -> Response:
    body = await read_body(request)
    asked = read(ResponseRequest, body)
    task = response_task(asked, _served(request), submission)
    return await _tell(request, task, asked, ResponseForm(Opening.of(task, asked.model), asked), body)


async def _tell(
    request: Request, task: Task, asked: ChatRequest | ResponseRequest, form: Form, body: bytes
) -> Response:
    """Run the task and answer. It is durable, a task as any other, if it came with an idempotency key."""
    runtime: Runtime = request.app.state.runtime
    serving = runtime.settings.serving
    if runtime.load >= serving.max_in_flight:
        raise ServerOverloaded(serving.retry_after_s)
    extras = asked.stigmergy
    if task.idempotency_key is None:
        await runtime.budgets.accounts.admit(task, runtime.engine.check)
        if not asked.stream:
            answer = await while_connected(request.receive, answered_alone(runtime.direct, task, extras))
            return Response(form.whole(answer), media_type=_JSON)
        coming: Coming = DirectAnswer(runtime.direct, task, extras)
    else:
        coming = DurableAnswer(runtime, await accept(runtime, task, body_hash(body)), extras)
        if not asked.stream:
            answer = await while_connected(request.receive, coming.answer())
            return Response(form.whole(answer), media_type=_JSON)
    return StreamedAnswer(coming, form, {_REQUEST_ID: request.state.id})


async def _models(request: Request, _submission: Submission) -> Response:
    return Response(list_models(request.app.state.runtime.settings), media_type=_JSON)


async def _model(request: Request, _submission: Submission) -> Response:
    return Response(one_model(request.path_params["model"], request.app.state.runtime.settings), media_type=_JSON)


def _served(request: Request) -> Served:
    runtime: Runtime = request.app.state.runtime
    return Served(runtime.settings, runtime.graphs)


COMPLETING: Final[Mapping[str, Endpoint]] = {
    "/v1/chat/completions": _answered(_chat),
    "/v1/responses": _answered(_response),
}
"""The doors that a language model's answer comes through, by their paths; they handle every error themselves."""


def openai_routes() -> list[Route]:
    """The routes of the door, outermost paths first."""
    return [
        *(Route(path, door, methods=["POST"]) for path, door in COMPLETING.items()),
        Route("/v1/models", _answered(_models), methods=["GET"]),
        Route("/v1/models/{model:path}", _answered(_model), methods=["GET"]),
    ]
