"""Chat completions as documents and as chunks."""

from __future__ import annotations

from typing import Any

from pydantic_core import to_json

from stigmergy.deployments.api.openai.answer import Answer
from stigmergy.deployments.api.openai.forms import DONE, Opening, data


class ChatForm:
    """A chat completion. ``usage`` says whether a stream ends with a chunk of what was used."""

    def __init__(self, opening: Opening, *, usage: bool) -> None:
        self._head = {
            "id": f"chatcmpl-{opening.token}",
            "created": opening.created,
            "model": opening.model,
            "system_fingerprint": None,
        }
        self._usage = usage
        unused: dict[str, Any] = {"usage": None} if usage else {}
        frame = self._chunk([{"index": 0, "delta": {"content": "@"}, "logprobs": None, "finish_reason": None}], unused)
        self._before, _, self._after = frame.partition(b'"@"')

    def whole(self, answer: Answer) -> bytes:
        """See ``Form``."""
        message: dict[str, Any] = {"role": "assistant", "content": answer.text or None, "refusal": None}
        if answer.tool_calls:
            message["tool_calls"] = answer.tool_calls
        else:
            message["content"] = answer.text
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": answer.finish_reason}
        return to_json(
            {
                **self._head,
                "object": "chat.completion",
                "choices": [choice],
                "usage": _usage(answer),
                "stigmergy": answer.extras,
            }
        )

    def begin(self) -> bytes:
        """See ``Form``."""
        return self._delta({"role": "assistant", "content": "", "refusal": None}, None)

    def piece(self, text: str) -> bytes:
        """See ``Form``."""
        return self._before + to_json(text) + self._after

    def end(self, answer: Answer) -> bytes:
        """See ``Form``."""
        calls = [{"index": place, **call} for place, call in enumerate(answer.tool_calls)]
        called = self._delta({"tool_calls": calls}, None) if calls else b""
        finished = self._delta({}, answer.finish_reason, {"stigmergy": answer.extras})
        used = self._chunk([], {"usage": _usage(answer)}) if self._usage else b""
        return called + finished + used + DONE

    def broken(self, document: dict[str, Any]) -> bytes:
        """See ``Form``."""
        return data(document)

    def _delta(self, delta: dict[str, Any], finish: str | None, more: dict[str, Any] | None = None) -> bytes:
        unused: dict[str, Any] = {"usage": None} if self._usage else {}
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return self._chunk([choice], {**unused, **(more or {})})

    def _chunk(self, choices: list[dict[str, Any]], more: dict[str, Any]) -> bytes:
        return data({**self._head, "object": "chat.completion.chunk", "choices": choices, **more})


def _usage(answer: Answer) -> dict[str, Any]:
    read, written = answer.input_tokens, answer.output_tokens
    return {
        "prompt_tokens": read,
        "completion_tokens": written,
        "total_tokens": read + written,
        "prompt_tokens_details": {"cached_tokens": answer.cached_tokens},
    }
