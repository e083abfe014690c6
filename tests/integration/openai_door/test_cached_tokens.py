"""What the models of a route had read before is told to callers and costs what the configuration says."""

from __future__ import annotations

from typing import Any

import openai
import pytest
from tests.integration.openai_door.conftest import House
from tests.integration.openai_door.said import said

KEYED = {"Idempotency-Key": "k1"}


@pytest.mark.parametrize("headers", [{}, KEYED], ids=["direct", "durable"])
async def test_cached_tokens_are_told_in_the_usage(client: openai.AsyncOpenAI, headers: dict[str, str]) -> None:
    done: Any = await client.chat.completions.create(model="main", messages=said("warm"), extra_headers=headers)
    assert (done.usage.prompt_tokens, done.usage.prompt_tokens_details.cached_tokens) == (11, 8)


async def test_where_nothing_was_cached_none_are_told(client: openai.AsyncOpenAI) -> None:
    done: Any = await client.chat.completions.create(model="main", messages=said("x"))
    assert done.usage.prompt_tokens_details.cached_tokens == 0


async def test_cached_tokens_are_summed_over_the_agents_of_the_route(client: openai.AsyncOpenAI) -> None:
    done: Any = await client.chat.completions.create(model="twice", messages=said("warm"))
    assert done.stigmergy["route"] == ["cheap", "dear"]
    assert (done.usage.prompt_tokens, done.usage.prompt_tokens_details.cached_tokens) == (22, 16)


async def test_a_stream_tells_them_in_its_chunk_of_usage(client: openai.AsyncOpenAI) -> None:
    stream: Any = await client.chat.completions.create(
        model="main", messages=said("warm"), stream=True, stream_options={"include_usage": True}
    )
    chunks = [chunk async for chunk in stream]
    assert chunks[-1].usage.prompt_tokens_details.cached_tokens == 8


async def test_a_response_tells_them_too(client: openai.AsyncOpenAI) -> None:
    done: Any = await client.responses.create(model="main", input="warm")
    assert (done.usage.input_tokens, done.usage.input_tokens_details.cached_tokens) == (11, 8)
    events: Any = await client.responses.create(model="main", input="warm", stream=True)
    *_, last = [event async for event in events]
    assert last.response.usage.input_tokens_details.cached_tokens == 8


async def test_cached_tokens_cost_their_own_price_and_are_stored(client: openai.AsyncOpenAI, house: House) -> None:
    cold: Any = await client.chat.completions.create(model="reading", messages=said("x"))
    warm: Any = await client.chat.completions.create(model="reading", messages=said("warm"))
    assert (cold.stigmergy["cost_usd"], warm.stigmergy["cost_usd"]) == ("0.000115000", "0.000043000")
    await house.runtime.direct.drain()
    stored = await house.runtime.store.episodes.get(warm.stigmergy["episode_id"])
    assert (stored.usage.input_tokens, stored.usage.cached_tokens) == (11, 8)
