from __future__ import annotations

from typing import Any, TypeAlias

import pytest

from stigmergy.agents.models.base import TokenCount
from stigmergy.agents.models.openai_completions import Gathered, completion_of
from stigmergy.errors import InvalidReply

Told: TypeAlias = dict[str, Any]

USAGE = {"prompt_tokens": 3, "completion_tokens": 2}


def chunk(finish: str | None = None, usage: object = None, **delta: Any) -> Told:
    return {"choices": [{"delta": delta, "finish_reason": finish}], "usage": usage}


def gathered(*chunks: Told) -> Gathered:
    parts = Gathered("gpt", "http://up")
    for each in chunks:
        parts.take(each)
    return parts


def test_pieces_are_put_together_with_what_the_last_chunk_counted() -> None:
    done = gathered(chunk(content="a"), chunk(content="b"), chunk("stop"), {"choices": [], "usage": USAGE}).completion()
    assert (done.text, done.finish_reason, done.usage) == ("ab", "stop", TokenCount(3, 2))


@pytest.mark.parametrize(
    ("details", "cached"),
    [
        ({"cached_tokens": 3}, 3),
        ({"cached_tokens": 2}, 2),
        ({}, 0),
        (None, 0),
        ({"cached_tokens": None}, 0),
        ({"cached_tokens": 4}, 0),
        ({"cached_tokens": -1}, 0),
    ],
)
def test_tokens_that_the_server_had_cached_are_told_where_it_tells_some_that_can_be(
    details: object, cached: int
) -> None:
    usage = {**USAGE, "prompt_tokens_details": details}

    assert gathered(chunk("stop", usage, content="a")).completion().usage == TokenCount(3, 2, cached)


def test_calls_of_several_tools_are_told_apart_by_their_index() -> None:
    def call(index: int, name: str | None, arguments: str) -> Told:
        function = {"name": name, "arguments": arguments}
        return {"index": index, "id": f"c{index}" if name else None, "function": function}

    done = gathered(
        chunk(tool_calls=[call(0, "f", ""), call(1, "g", "")]),
        chunk(tool_calls=[call(1, None, "{1}")]),
        chunk("tool_calls", USAGE, tool_calls=[call(0, None, "{0}")]),
    ).completion()
    told = [(each["id"], each["function"]["name"], each["function"]["arguments"]) for each in done.tool_calls]
    assert (told, done.finish_reason) == ([("c0", "f", "{0}"), ("c1", "g", "{1}")], "tool_calls")


def test_a_refusal_in_pieces_is_a_refusal() -> None:
    done = gathered(chunk(refusal="I "), chunk("stop", USAGE, refusal="cannot")).completion()
    assert (done.text, done.finish_reason) == ("I cannot", "refused")


@pytest.mark.parametrize(
    ("chunks", "reason"),
    [
        ((chunk("stop", USAGE),), "without text"),
        ((chunk("stop", content="x"),), "no token usage"),
        ((chunk(content=5),), "no text"),
    ],
)
def test_a_stream_that_cannot_be_used_is_no_reply(chunks: tuple[Told, ...], reason: str) -> None:
    with pytest.raises(InvalidReply, match=reason):
        gathered(*chunks).completion()


def test_an_answer_without_choices_is_no_completion() -> None:
    with pytest.raises(InvalidReply, match="without choices"):
        completion_of("gpt", "http://up", Told(choices=None))
