"""What OpenAI's API travels with, as far as its doors here take it: chat completions and responses of text.

A field that OpenAI does not have is refused, as OpenAI does. Of those that it has, ``_Ignored`` lists what changes
nothing here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from stigmergy.wire import Asked, BudgetModel

Probability = Annotated[float, Field(ge=0, le=1)]
Temperature = Annotated[float, Field(ge=0, le=2)]
Penalty = Annotated[float, Field(ge=-2, le=2)]
Tokens = Annotated[int, Field(ge=1)]
MOST_STOPS = 4


class Extras(Asked):
    """What a request may say in ``stigmergy`` beyond OpenAI's API; the client sends it as ``extra_body``."""

    budget: BudgetModel = BudgetModel()
    router: str | None = None
    trade_off: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """What money is worth in quality, in the unit of the router."""
    task_type: str | None = None
    labels: Mapping[str, str] = Field(default_factory=dict, max_length=32)
    explain: bool = False
    """Answer with every hop and the ledger."""
    events: bool = False
    """In a stream: tell every event of the episode as a comment."""


_NO_EXTRAS = Extras()


class Part(Asked):
    """A part of a message; of the kinds that OpenAI has, text alone is taken."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    type: str
    text: str | None = None


class ChatMessage(Asked):
    """One message of a conversation."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | tuple[Part, ...] | None = None
    name: str | None = None
    tool_calls: tuple[Mapping[str, Any], ...] | None = None
    tool_call_id: str | None = None


class StreamOptions(Asked):
    """How a stream is told."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    include_usage: bool = False


class _Common(Asked):
    model: str
    stream: bool | None = None
    temperature: Temperature | None = None
    top_p: Probability | None = None
    user: str | None = None
    metadata: Mapping[str, str] | None = None
    # A factory of one: pydantic would copy a default of this kind, field by field, for every request.
    stigmergy: Extras = Field(default_factory=lambda: _NO_EXTRAS)


class _Ignored(Asked):
    """Fields of OpenAI's that change nothing here."""

    store: bool | None = None
    service_tier: str | None = None
    prompt_cache_key: str | None = None
    prompt_cache_retention: str | None = None
    safety_identifier: str | None = None


class ChatRequest(_Common, _Ignored):
    """The body of ``POST /v1/chat/completions``."""

    messages: tuple[ChatMessage, ...] = Field(min_length=1)
    max_tokens: Tokens | None = None
    max_completion_tokens: Tokens | None = None
    stop: str | Annotated[tuple[str, ...], Field(max_length=MOST_STOPS)] | None = None
    seed: int | None = None
    n: int | None = None
    stream_options: StreamOptions | None = None
    tools: tuple[Mapping[str, Any], ...] | None = None
    tool_choice: str | Mapping[str, Any] | None = None
    parallel_tool_calls: bool | None = None
    response_format: Mapping[str, Any] | None = None
    presence_penalty: Penalty | None = None
    frequency_penalty: Penalty | None = None
    logit_bias: Mapping[str, float] | None = None
    reasoning_effort: str | None = None
    verbosity: str | None = None
    modalities: tuple[str, ...] | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    audio: Any = None
    prediction: Any = None
    web_search_options: Any = None
    functions: Any = None
    function_call: Any = None


class InputItem(Asked):
    """One item of a response's input; messages alone are taken."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    type: str = "message"
    role: Literal["system", "developer", "user", "assistant"] = "user"
    content: str | tuple[Part, ...] = ""


class TextOptions(Asked):
    """In which form a response is to be."""

    format: Mapping[str, Any] | None = None
    verbosity: str | None = None


class ResponseRequest(_Common, _Ignored):
    """The body of ``POST /v1/responses``."""

    input: str | Annotated[tuple[InputItem, ...], Field(min_length=1)]
    instructions: str | None = None
    max_output_tokens: Tokens | None = None
    text: TextOptions | None = None
    tools: tuple[Mapping[str, Any], ...] | None = None
    tool_choice: str | Mapping[str, Any] | None = None
    parallel_tool_calls: bool | None = None
    reasoning: Mapping[str, Any] | None = None
    truncation: str | None = None
    include: tuple[str, ...] | None = None
    stream_options: StreamOptions | None = None
    background: bool | None = None
    previous_response_id: str | None = None
    conversation: Any = None
    prompt: Any = None
    max_tool_calls: int | None = None
    top_logprobs: int | None = None
