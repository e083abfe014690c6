from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import httpx
import openai
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.integration.openai_door.conftest import House
from tests.integration.openai_door.said import said

from stigmergy.domain import Status


async def streamed(client: openai.AsyncOpenAI, text: str, **more: Any) -> list[Any]:
    stream = await client.chat.completions.create(**{"model": "main", "messages": said(text), "stream": True, **more})
    return [chunk async for chunk in stream]


def text_of(chunks: list[Any]) -> str:
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


async def test_chunks_come_as_the_model_writes_them_and_are_the_answer(client: openai.AsyncOpenAI) -> None:
    chunks = await streamed(client, "six by seven?")
    assert text_of(chunks) == "answer: six by seven?"
    assert len(chunks) > 4
    assert {chunk.object for chunk in chunks} == {"chat.completion.chunk"}
    assert len({chunk.id for chunk in chunks}) == 1
    assert chunks[0].choices[0].delta.role == "assistant"
    assert [c.choices[0].finish_reason for c in chunks] == [None] * (len(chunks) - 1) + ["stop"]


async def test_the_last_chunk_says_what_it_cost(client: openai.AsyncOpenAI) -> None:
    chunks = await streamed(client, "x")
    assert chunks[-1].stigmergy["route"] == ["cheap"]


async def test_usage_is_told_in_a_chunk_of_its_own_when_asked_for(client: openai.AsyncOpenAI) -> None:
    chunks = await streamed(client, "x", stream_options={"include_usage": True})
    assert chunks[-1].choices == []
    assert chunks[-1].usage.total_tokens == 16
    assert all(chunk.usage is None for chunk in chunks[:-1])


async def test_usage_is_not_told_otherwise(http: httpx.AsyncClient) -> None:
    answer = await http.post("/chat/completions", json={"model": "main", "messages": said("x"), "stream": True})
    assert '"usage"' not in answer.text
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["x-request-id"].startswith("req_")
    assert answer.text.endswith("data: [DONE]\n\n")


async def test_the_sync_client_streams(sync: openai.OpenAI) -> None:
    def streamed() -> str:
        stream = sync.chat.completions.create(model="main", messages=said("to and fro"), stream=True)
        return text_of(list(stream))

    assert await asyncio.to_thread(streamed) == "answer: to and fro"


async def test_the_stream_helper_of_the_client_understands_it(client: openai.AsyncOpenAI) -> None:
    async with client.chat.completions.stream(model="main", messages=said("helped")) as stream:
        kinds = [event.type async for event in stream]
        final = await stream.get_final_completion()
    assert "content.delta" in kinds
    assert final.choices[0].message.content == "answer: helped"


async def test_only_the_last_agent_is_heard(client: openai.AsyncOpenAI) -> None:
    chunks = await streamed(client, "x", model="two_steps")
    assert text_of(chunks).startswith("answer: x")
    assert "noted" not in text_of(chunks).split("Work done")[0]
    assert chunks[-1].stigmergy["route"] == ["note", "cheap"]


async def test_agents_that_cannot_stream_answer_in_one_chunk(client: openai.AsyncOpenAI) -> None:
    chunks = await streamed(client, "x", model="scripted")
    assert [c.choices[0].delta.content for c in chunks] == ["", "noted", None]


async def test_a_strategy_that_thinks_aloud_is_not_heard_thinking(client: openai.AsyncOpenAI) -> None:
    chunks = await streamed(client, "x", model="thinking")
    assert len([c for c in chunks if c.choices[0].delta.content]) == 1


async def test_a_failure_before_the_first_byte_is_routed_round(client: openai.AsyncOpenAI) -> None:
    chunks = await streamed(client, "first fails")
    assert text_of(chunks) == "answer: first fails"
    assert chunks[-1].stigmergy["route"] == ["dear"]


async def test_when_nobody_is_left_before_the_first_byte_the_status_says_so(client: openai.AsyncOpenAI) -> None:
    with pytest.raises(openai.InternalServerError) as failed:
        await streamed(client, "refuse all")
    assert failed.value.code == "escalated"


async def test_a_failure_after_the_first_byte_ends_the_stream_with_an_error(client: openai.AsyncOpenAI) -> None:
    stream = await client.chat.completions.create(model="main", messages=said("break off"), stream=True)
    heard = [await anext(stream), await anext(stream)]
    assert text_of(heard) == "answer:"
    with pytest.raises(openai.APIError, match="broke off"):
        await anext(stream)


async def test_a_stream_that_failed_has_no_clean_end_and_asked_one_agent(http: httpx.AsyncClient, house: House) -> None:
    body = {"model": "main", "messages": said("break off"), "stream": True}
    answer = await http.post("/chat/completions", json=body)
    assert "[DONE]" not in answer.text
    error = json.loads(answer.text.strip().splitlines()[-1].removeprefix("data: "))["error"]
    assert (error["code"], error["type"]) == ("escalated", "server_error")
    assert len(house.upstream.asked) == 1
    await house.runtime.direct.drain()
    episode = await house.runtime.store.episodes.get(error["stigmergy"]["episode_id"])
    assert (episode.status, len(episode.failures)) == (Status.ESCALATED, 1)


async def test_events_are_told_as_comments_on_request(http: httpx.AsyncClient) -> None:
    body = {"model": "two_steps", "messages": said("x"), "stream": True, "stigmergy": {"events": True}}
    answer = await http.post("/chat/completions", json=body)
    kinds = re.findall(r"^: (\w+) \{", answer.text, re.MULTILINE)
    assert kinds[0].lower() == "accepted"
    assert kinds[-1].lower() == "finished"
    assert len(kinds) == 9


async def test_comments_are_passed_over_by_the_client(client: openai.AsyncOpenAI) -> None:
    chunks = await streamed(client, "x", extra_body={"stigmergy": {"events": True}})
    assert text_of(chunks) == "answer: x"


@pytest.mark.parametrize("stream", [False, True])
async def test_a_client_that_goes_away_stops_the_upstream_call(
    house: House, http: httpx.AsyncClient, stream: bool
) -> None:
    body = {"model": "main", "messages": said("hang"), "stream": stream}
    with pytest.raises(httpx.ReadTimeout):
        await http.post("/chat/completions", json=body, timeout=0.5)
    async with asyncio.timeout(5):
        await house.upstream.left.wait()
        await house.idle()
    (stored,) = await house.runtime.store.recorded()
    episode = await house.runtime.store.episodes.get(stored)
    assert (episode.status, episode.reason) == (Status.CANCELLED, "the caller went away")
    assert episode.charged_usd == house.runtime.graphs["main"].profile("cheap").worst_case().usd
    assert house.runtime.load == 0


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1).filter(str.strip))
async def test_chunks_put_together_are_the_stored_answer(client: openai.AsyncOpenAI, house: House, text: str) -> None:
    question = f"{text} say"
    whole = await client.chat.completions.create(model="main", messages=said(question))
    chunks = await streamed(client, question)
    assert text_of(chunks) == whole.choices[0].message.content
    await house.runtime.direct.drain()
    assert (await house.runtime.store.episodes.get(chunks[-1].stigmergy["episode_id"])).answer == text_of(chunks)
