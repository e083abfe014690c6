"""From a body of OpenAI's API to a task: what cannot be served is refused here, by the name of its field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from stigmergy.agents.configs import completes_freely
from stigmergy.deployments.api.accepting import Submission, budget_of, not_too_long, storable
from stigmergy.deployments.api.openai.models import named_model
from stigmergy.domain import GOAL, Message, Task
from stigmergy.errors import InvalidQuery, MalformedRequest, UnknownRouter
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.platform.settings import Settings
from stigmergy.wire_openai import ChatMessage, ChatRequest, Extras, Part, ResponseRequest

_TEXT_PARTS: Final = ("text", "input_text", "output_text", "refusal")
_PASSED_ON: Final = (
    "temperature", "top_p", "seed", "stop", "tool_choice", "parallel_tool_calls", "presence_penalty",
    "frequency_penalty", "logit_bias", "reasoning_effort", "verbosity",
)  # fmt: skip
_NOT_HERE: Final = (
    "audio", "prediction", "web_search_options", "functions", "function_call", "logprobs", "top_logprobs",
    "previous_response_id", "conversation", "prompt", "background", "max_tool_calls",
)  # fmt: skip

Form = TypeVar("Form", ChatRequest, ResponseRequest)


def _fields_of(names: tuple[str, ...]) -> Mapping[type[ChatRequest | ResponseRequest], tuple[str, ...]]:
    """Which of these a form has, found once: asking a form for a field that it lacks takes long."""
    forms: tuple[type[ChatRequest | ResponseRequest], ...] = (ChatRequest, ResponseRequest)
    return {form: tuple(name for name in names if name in form.model_fields) for form in forms}


_PASSED_ON_OF: Final = _fields_of(_PASSED_ON)
_NOT_HERE_OF: Final = _fields_of(_NOT_HERE)


@dataclass(frozen=True, slots=True)
class Served:
    """What a request may name: the settings, and the graphs built of them."""

    settings: Settings
    graphs: Mapping[str, AgentGraph]


def read(form: type[Form], body: bytes) -> Form:
    """The body as what was asked for.

    Raises:
        MalformedRequest: it is no JSON, of another shape, or asks for what is not served here.
    """
    try:
        asked = form.model_validate_json(body)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        raise MalformedRequest(tuple((_place(each["loc"]), _problem(each)) for each in details)) from None
    for name in _NOT_HERE_OF[form]:
        if getattr(asked, name):
            raise MalformedRequest(((name, "this server does not have it; leave it out"),))
    return asked


def chat_task(asked: ChatRequest, served: Served, submission: Submission) -> Task:
    """The task of a chat completion.

    Raises:
        MalformedRequest: more than one choice, a part that is no text, or tools that no agent could be given.
        InvalidQuery, InvalidBudget, UnknownGraph, UnknownRouter: as for any task.
    """
    if asked.n not in (None, 1):
        raise MalformedRequest((("n", f"{asked.n} choices; a run has one answer, ask again for another"),))
    if asked.modalities not in (None, ("text",)):
        raise MalformedRequest((("modalities", "text alone is answered"),))
    messages = tuple(_message(each, place) for place, each in enumerate(asked.messages))
    options: dict[str, Any] = {"max_tokens": asked.max_completion_tokens or asked.max_tokens}
    options |= {"tools": list(asked.tools or ()) or None, "response_format": _form(asked.response_format)}
    if not asked.tools and asked.tool_choice not in (None, "none", "auto"):
        raise MalformedRequest((("tool_choice", "it is only allowed when `tools` are given"),))
    return _task(asked, messages, options, served, submission)


def response_task(asked: ResponseRequest, served: Served, submission: Submission) -> Task:
    """The task of a response of text; raises as ``chat_task``."""
    if asked.tools:
        raise MalformedRequest((("tools", "this door answers with text; send tools to /v1/chat/completions"),))
    said: list[Message] = [Message("system", asked.instructions)] if asked.instructions else []
    if isinstance(asked.input, str):
        said.append(Message("user", asked.input))
    else:
        for place, item in enumerate(asked.input):
            if item.type != "message":
                raise MalformedRequest(((f"input.{place}.type", f"{item.type!r}; messages alone are taken"),))
            said.append(Message(_role(item.role), _text(item.content, f"input.{place}.content")))
    form = asked.text.format if asked.text is not None else None
    if form is not None and form.get("type") == "json_schema":
        form = {"type": "json_schema", "json_schema": {k: v for k, v in form.items() if k != "type"}}
    options: dict[str, Any] = {"max_tokens": asked.max_output_tokens, "response_format": _form(form)}
    return _task(asked, tuple(said), options, served, submission)


def _task(
    asked: ChatRequest | ResponseRequest,
    messages: tuple[Message, ...],
    options: Mapping[str, Any],
    served: Served,
    submission: Submission,
) -> Task:
    graph, router = _named(asked.model, asked.stigmergy, served.settings)
    passed = {name: getattr(asked, name) for name in _PASSED_ON_OF[type(asked)]}
    stated = {name: value for name, value in {**passed, **options}.items() if value is not None}
    if "tools" not in stated:
        stated = {name: value for name, value in stated.items() if name not in ("tool_choice", "parallel_tool_calls")}
    for name in ("tools", "response_format"):
        if name in stated and not _taken(served, graph):
            reason = f"no agent that may answer for {graph!r} is a language model asked directly, which would take them"
            raise MalformedRequest(((name, reason),))
    text = next((each.content for each in reversed(messages) if each.role == "user"), messages[-1].content)
    labels = _labels(asked)
    if not text.strip():
        raise InvalidQuery("it is empty; the last user message needs text")
    storable(text, *(each for message in messages for each in _texts(message)), *labels, *labels.values())
    not_too_long(*(message.content for message in messages))
    return Task(
        id=f"task_{submission.token}",
        text=text,
        messages=messages,
        graph=graph,
        router=router,
        trade_off=asked.stigmergy.trade_off,
        budget=budget_of(asked.stigmergy.budget, served.settings.graphs[graph], submission.at),
        task_type=asked.stigmergy.task_type,
        idempotency_key=submission.key,
        labels=labels,
        tenant=submission.asker.tenant,
        key=submission.asker.key,
        options=stated,
        created_at=submission.at,
    )


def _named(model: str, extras: Extras, settings: Settings) -> tuple[str, str]:
    """The graph and the router of a request."""
    graph, router = named_model(model, settings)
    if router and extras.router not in (None, router):
        raise MalformedRequest((("stigmergy.router", f"{extras.router!r}, but the model names {router!r}"),))
    chosen = router or extras.router or settings.graphs[graph].router
    if chosen not in settings.offers(graph):
        raise UnknownRouter(chosen, settings.offers(graph))
    return graph, chosen


def _taken(served: Served, graph: str) -> bool:
    """Whether an agent that may answer passes tools and formats on to its model."""
    built, settings = served.graphs[graph], served.settings
    last = (node for node in built.nodes if node not in built.branches and GOAL in built.successors(node))
    return any(completes_freely(settings.agents[built.profile(node).id], settings.models) for node in last)


def _message(said: ChatMessage, place: int) -> Message:
    stated: dict[str, Any] = {"name": said.name, "tool_call_id": said.tool_call_id, "tool_calls": said.tool_calls}
    details = {name: value for name, value in stated.items() if value}
    if said.tool_calls:
        details["tool_calls"] = [dict(call) for call in said.tool_calls]
    return Message(_role(said.role), _text(said.content, f"messages.{place}.content"), details)


def _role(role: str) -> str:
    return "system" if role == "developer" else role


def _text(content: str | tuple[Part, ...] | None, path: str) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    for place, part in enumerate(content):
        if part.type not in _TEXT_PARTS:
            raise MalformedRequest(((f"{path}.{place}.type", f"{part.type!r}; text alone is taken"),))
    return "\n\n".join(part.text or "" for part in content)


def _form(stated: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """A response format that asks for something; plain text is what there is without one."""
    return None if stated is None or stated.get("type") == "text" else dict(stated)


def _labels(asked: ChatRequest | ResponseRequest) -> dict[str, str]:
    user = {"user": asked.user} if asked.user else {}
    return {**user, **(asked.metadata or {}), **asked.stigmergy.labels}


def _texts(message: Message) -> Iterator[str]:
    yield message.content
    if message.details:
        yield repr(message.details)


def _place(loc: tuple[int | str, ...]) -> str:
    return ".".join(map(str, loc)) or "body"


def _problem(detail: Mapping[str, Any]) -> str:
    return "unrecognized request argument" if detail["type"] == "extra_forbidden" else str(detail["msg"])
