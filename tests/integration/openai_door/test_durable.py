"""With an idempotency key a completion is a task like any other: stored before it runs, answered once."""

from __future__ import annotations

from typing import Any

import openai
import pytest
from tests.integration.openai_door.conftest import House
from tests.integration.openai_door.said import TOOLS, said

from stigmergy.domain import Status

KEYED = {"Idempotency-Key": "k1"}


async def test_a_keyed_completion_is_a_task_and_is_answered_once(client: openai.AsyncOpenAI, house: House) -> None:
    first: Any = await client.chat.completions.create(model="main", messages=said("once"), extra_headers=KEYED)
    again: Any = await client.chat.completions.create(model="main", messages=said("once"), extra_headers=KEYED)
    assert len(house.upstream.asked) == 1
    assert first.choices[0].message == again.choices[0].message
    assert first.stigmergy["episode_id"] == again.stigmergy["episode_id"]
    task = await house.runtime.store.tasks.get(again.stigmergy["task_id"])
    assert (task.status, task.task.text) == (Status.COMPLETED, "once")


async def test_a_key_with_another_body_is_a_conflict(client: openai.AsyncOpenAI) -> None:
    await client.chat.completions.create(model="main", messages=said("one"), extra_headers=KEYED)
    with pytest.raises(openai.ConflictError) as refused:
        await client.chat.completions.create(model="main", messages=said("other"), extra_headers=KEYED)
    assert refused.value.code == "idempotency_conflict"


async def test_a_keyed_stream_tells_the_answer_when_it_is_there(client: openai.AsyncOpenAI) -> None:
    stream = await client.chat.completions.create(model="main", messages=said("late"), stream=True, extra_headers=KEYED)
    chunks = [chunk async for chunk in stream]
    assert [c.choices[0].delta.content for c in chunks] == ["", "answer: late", None]


async def test_tools_and_options_of_a_durable_task_survive_in_its_row(client: openai.AsyncOpenAI, house: House) -> None:
    done: Any = None
    for _ in "ab":
        done = await client.chat.completions.create(
            model="main", messages=said("w?"), tools=TOOLS, seed=3, extra_headers=KEYED
        )
        assert done.choices[0].message.tool_calls[0].function.name == "weather"
    record = await house.runtime.store.tasks.get(done.stigmergy["task_id"])
    assert (record.task.options["tools"], record.task.options["seed"]) == (TOOLS, 3)


async def test_an_escalated_task_is_told_as_an_error_each_time(client: openai.AsyncOpenAI, house: House) -> None:
    for _ in "ab":
        with pytest.raises(openai.InternalServerError) as failed:
            await client.chat.completions.create(model="main", messages=said("refuse all"), extra_headers=KEYED)
        assert failed.value.code == "escalated"
    assert len(house.upstream.asked) == 2
