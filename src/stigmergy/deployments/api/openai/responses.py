"""Responses of text as documents and as events."""

from __future__ import annotations

from typing import Any

from pydantic_core import to_json

from stigmergy.deployments.api.openai.answer import Answer
from stigmergy.deployments.api.openai.forms import Opening
from stigmergy.wire_openai import ResponseRequest


class ResponseForm:
    """A response of one message of text. Nothing is kept to be asked for later: ``store`` is always false."""

    def __init__(self, opening: Opening, asked: ResponseRequest) -> None:
        self._opening = opening
        self._asked = asked
        self._item_id = f"msg_{opening.token}"
        self._place = {"item_id": self._item_id, "output_index": 0, "content_index": 0}
        self._told = 0

    def whole(self, answer: Answer) -> bytes:
        """See ``Form``."""
        return to_json(self._ended(answer))

    def begin(self) -> bytes:
        """See ``Form``."""
        begun = self._response("in_progress")
        return b"".join(
            (
                self._event("response.created", response=begun),
                self._event("response.in_progress", response=begun),
                self._event("response.output_item.added", output_index=0, item=self._item("in_progress", [])),
                self._event("response.content_part.added", **self._place, part=_part("")),
            )
        )

    def piece(self, text: str) -> bytes:
        """See ``Form``."""
        return self._event("response.output_text.delta", **self._place, delta=text, logprobs=[])

    def end(self, answer: Answer) -> bytes:
        """See ``Form``."""
        part = _part(answer.text)
        ended = self._ended(answer)
        return b"".join(
            (
                self._event("response.output_text.done", **self._place, text=answer.text, logprobs=[]),
                self._event("response.content_part.done", **self._place, part=part),
                self._event("response.output_item.done", output_index=0, item=ended["output"][0]),
                self._event(f"response.{ended['status']}", response=ended),
            )
        )

    def broken(self, document: dict[str, Any]) -> bytes:
        """See ``Form``."""
        error = document["error"]
        failed = self._response("failed") | {"error": {"code": "server_error", "message": error["message"]}}
        return self._event("response.failed", response=failed)

    def _ended(self, answer: Answer) -> dict[str, Any]:
        cut = answer.finish_reason == "length"
        status = "incomplete" if cut else "completed"
        read, written = answer.input_tokens, answer.output_tokens
        return self._response(status) | {
            "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
            "output": [self._item(status, [_part(answer.text)])],
            "usage": {
                "input_tokens": read,
                "input_tokens_details": {"cached_tokens": answer.cached_tokens},
                "output_tokens": written,
                "output_tokens_details": {"reasoning_tokens": 0},
                "total_tokens": read + written,
            },
            "stigmergy": answer.extras,
        }

    def _response(self, status: str) -> dict[str, Any]:
        asked = self._asked
        return {
            "id": f"resp_{self._opening.token}",
            "object": "response",
            "created_at": self._opening.created,
            "status": status,
            "background": False,
            "error": None,
            "incomplete_details": None,
            "instructions": asked.instructions,
            "max_output_tokens": asked.max_output_tokens,
            "metadata": asked.metadata or {},
            "model": self._opening.model,
            "output": [],
            "parallel_tool_calls": True,
            "previous_response_id": None,
            "store": False,
            "temperature": asked.temperature,
            "text": {"format": asked.text.format if asked.text and asked.text.format else {"type": "text"}},
            "tool_choice": "auto",
            "tools": [],
            "top_p": asked.top_p,
            "truncation": "disabled",
            "usage": None,
            "user": asked.user,
        }

    def _item(self, status: str, content: list[dict[str, Any]]) -> dict[str, Any]:
        return {"id": self._item_id, "type": "message", "status": status, "role": "assistant", "content": content}

    def _event(self, kind: str, **told: Any) -> bytes:
        document = {"type": kind, "sequence_number": self._told, **told}
        self._told += 1
        return f"event: {kind}\ndata: ".encode() + to_json(document) + b"\n\n"


def _part(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
