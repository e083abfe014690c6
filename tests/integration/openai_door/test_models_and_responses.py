from __future__ import annotations

from typing import Any

import openai
import pytest
from tests.integration.openai_door.conftest import House


async def test_models_are_graphs_alone_and_with_their_routers(client: openai.AsyncOpenAI) -> None:
    names = [model.id async for model in client.models.list()]
    assert names[:3] == ["main", "main@cheapest", "main@dearest"]


async def test_one_model_is_told_by_its_name(client: openai.AsyncOpenAI) -> None:
    model = await client.models.retrieve("main@dearest")
    assert (model.id, model.object, model.owned_by) == ("main@dearest", "model", "stigmergy")


async def test_an_unknown_model_is_not_found(client: openai.AsyncOpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as refused:
        await client.models.retrieve("nowhere")
    assert refused.value.code == "model_not_found"


async def test_a_response_of_text(client: openai.AsyncOpenAI, house: House) -> None:
    done = await client.responses.create(model="main", instructions="be brief", input="six?", max_output_tokens=50)
    assert (done.output_text, done.status, done.object) == ("answer: six?", "completed", "response")
    assert done.usage is not None
    assert (done.usage.input_tokens, done.usage.output_tokens) == (11, 5)
    asked = house.upstream.asked[0]
    assert (asked["messages"][0]["content"], asked["max_tokens"]) == ("be brief", 50)


async def test_a_response_to_messages(client: openai.AsyncOpenAI) -> None:
    said: list[Any] = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": [{"type": "output_text", "text": "b"}]},
        {"role": "user", "content": [{"type": "input_text", "text": "c"}]},
    ]
    assert (await client.responses.create(model="main", input=said)).output_text == "answer: c"


async def test_a_response_is_streamed_as_events(client: openai.AsyncOpenAI) -> None:
    events = [each async for each in await client.responses.create(model="main", input="to me", stream=True)]
    kinds = [each.type for each in events]
    assert kinds[:4] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
    ]
    assert kinds[-1] == "response.completed"
    text = "".join(each.delta for each in events if each.type == "response.output_text.delta")
    assert text == events[-1].response.output_text == "answer: to me"  # type: ignore[union-attr]
    assert [each.sequence_number for each in events] == list(range(len(events)))


async def test_the_stream_helper_understands_responses(client: openai.AsyncOpenAI) -> None:
    async with client.responses.stream(model="main", input="helped") as stream:
        async for _ in stream:
            pass
        assert (await stream.get_final_response()).output_text == "answer: helped"


async def test_a_response_that_breaks_off_has_failed(client: openai.AsyncOpenAI) -> None:
    events = [each async for each in await client.responses.create(model="main", input="break off", stream=True)]
    assert events[-1].type == "response.failed"
    assert events[-1].response.error is not None
    assert "broke off" in events[-1].response.error.message


async def test_a_response_that_was_cut_is_incomplete(client: openai.AsyncOpenAI) -> None:
    done = await client.responses.create(model="main", input="to the limit")
    assert done.status == "incomplete"
    assert done.incomplete_details is not None
    assert done.incomplete_details.reason == "max_output_tokens"


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"tools": [{"type": "web_search"}]}, "tools"),
        ({"previous_response_id": "resp_1"}, "previous_response_id"),
        ({"input": [{"type": "function_call_output", "call_id": "c", "output": "x"}]}, "input.0.type"),
    ],
)
async def test_what_responses_cannot_be_here_is_refused(
    client: openai.AsyncOpenAI, more: dict[str, Any], param: str
) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        await client.responses.create(**{"model": "main", "input": "x", **more})
    assert refused.value.param == param
