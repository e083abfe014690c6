from __future__ import annotations

from typing import Any

import openai
import pytest
from tests.integration.openai_door.conftest import House
from tests.integration.openai_door.said import TOOLS, said


async def test_tools_reach_the_model_and_its_calls_come_back(client: openai.AsyncOpenAI, house: House) -> None:
    done = await client.chat.completions.create(
        model="main", messages=said("weather in Paris?"), tools=TOOLS, tool_choice="auto"
    )
    choice = done.choices[0]
    assert (choice.finish_reason, choice.message.content) == ("tool_calls", None)
    assert choice.message.tool_calls is not None
    call: Any = choice.message.tool_calls[0]
    assert (call.id, call.function.name, call.function.arguments) == ("call_1", "weather", '{"city": "Paris"}')
    assert (house.upstream.asked[0]["tools"], house.upstream.asked[0]["tool_choice"]) == (TOOLS, "auto")


async def test_a_conversation_goes_on_with_what_the_tools_say(client: openai.AsyncOpenAI, house: House) -> None:
    first = await client.chat.completions.create(model="main", messages=said("weather?"), tools=TOOLS)
    called: Any = first.choices[0].message
    told = {"role": "tool", "tool_call_id": called.tool_calls[0].id, "content": "rain"}
    messages: list[Any] = [*said("weather?"), called, told]
    done = await client.chat.completions.create(model="main", messages=messages, tools=TOOLS)
    assert done.choices[0].message.content == "answer: rain"
    asked = house.upstream.asked[1]["messages"]
    assert [each["role"] for each in asked] == ["user", "assistant", "tool"]
    assert asked[1]["tool_calls"][0]["function"]["name"] == "weather"
    assert asked[2]["tool_call_id"] == "call_1"


async def test_tool_calls_are_streamed(client: openai.AsyncOpenAI) -> None:
    stream = await client.chat.completions.create(model="main", messages=said("w?"), tools=TOOLS, stream=True)
    chunks = [chunk async for chunk in stream]
    calls: list[Any] = [call for c in chunks for call in c.choices[0].delta.tool_calls or ()]
    assert "".join(call.function.arguments for call in calls) == '{"city": "Paris"}'
    assert chunks[-1].choices[0].finish_reason == "tool_calls"


async def test_the_stream_helper_puts_tool_calls_together(client: openai.AsyncOpenAI) -> None:
    async with client.chat.completions.stream(model="main", messages=said("w?"), tools=TOOLS) as stream:
        async for _ in stream:
            pass
        final = await stream.get_final_completion()
    calls: Any = final.choices[0].message.tool_calls
    assert calls[0].function.name == "weather"


@pytest.mark.parametrize("graph", ["scripted", "thinking"])
async def test_a_graph_none_of_whose_answering_agents_takes_tools_refuses_them(
    client: openai.AsyncOpenAI, graph: str
) -> None:
    with pytest.raises(openai.BadRequestError, match="no agent") as refused:
        await client.chat.completions.create(model=graph, messages=said("x"), tools=TOOLS)
    assert refused.value.param == "tools"


async def test_a_tool_choice_without_tools_is_refused(client: openai.AsyncOpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        await client.chat.completions.create(model="main", messages=said("x"), tool_choice="required")
    assert refused.value.param == "tool_choice"
