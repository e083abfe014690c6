from __future__ import annotations

import asyncio
from typing import Any

import httpx
import openai
import pytest
from tests.integration.openai_door.conftest import House
from tests.integration.openai_door.said import said


async def test_a_completion_needs_only_a_base_url_and_the_name_of_a_graph(client: openai.AsyncOpenAI) -> None:
    done = await client.chat.completions.create(model="main", messages=said("six by seven?"))
    assert done.object == "chat.completion"
    assert done.id.startswith("chatcmpl-")
    assert done.model == "main"
    assert done.choices[0].message.role == "assistant"
    assert done.choices[0].message.content == "answer: six by seven?"
    assert done.choices[0].finish_reason == "stop"


async def test_the_sync_client_gets_the_same(sync: openai.OpenAI) -> None:
    done = await asyncio.to_thread(sync.chat.completions.create, model="main", messages=said("two?"))
    assert done.choices[0].message.content == "answer: two?"


async def test_usage_is_the_sum_over_the_agents_of_the_route(client: openai.AsyncOpenAI) -> None:
    done = await client.chat.completions.create(model="two_steps", messages=said("sum"))
    assert done.usage is not None
    assert (done.usage.prompt_tokens, done.usage.completion_tokens, done.usage.total_tokens) == (11, 5, 16)


async def test_cost_route_and_episode_come_under_stigmergy(client: openai.AsyncOpenAI, house: House) -> None:
    done: Any = await client.chat.completions.create(model="two_steps", messages=said("where?"))
    assert done.stigmergy["route"] == ["note", "cheap"]
    assert done.stigmergy["cost_usd"] == "0.001005000"
    assert (done.stigmergy["status"], done.stigmergy["reroutes"]) == ("completed", 0)
    await house.runtime.direct.drain()
    stored = await house.runtime.store.episodes.get(done.stigmergy["episode_id"])
    assert (stored.answer, stored.tenant) == (done.choices[0].message.content, "acme")


async def test_a_router_is_named_after_the_graph(client: openai.AsyncOpenAI) -> None:
    done: Any = await client.chat.completions.create(model="main@dearest", messages=said("x"))
    assert (done.model, done.stigmergy["router"], done.stigmergy["route"]) == ("main@dearest", "dearest", ["dear"])


async def test_a_router_is_named_in_the_extras(client: openai.AsyncOpenAI) -> None:
    extras = {"stigmergy": {"router": "dearest"}}
    done: Any = await client.chat.completions.create(model="main", messages=said("x"), extra_body=extras)
    assert done.stigmergy["router"] == "dearest"


async def test_with_explain_every_hop_and_the_ledger_are_told(client: openai.AsyncOpenAI) -> None:
    extras = {"stigmergy": {"explain": True}}
    done: Any = await client.chat.completions.create(model="main", messages=said("x"), extra_body=extras)
    assert [hop["node"] for hop in done.stigmergy["hops"]] == ["cheap", "GOAL"]
    assert done.stigmergy["ledger"][0]["settlement"] == "committed"


async def test_labels_metadata_and_user_are_kept_with_the_task(client: openai.AsyncOpenAI, house: House) -> None:
    seen: list[Any] = []
    deliver = house.runtime.direct._deliver
    house.runtime.direct._deliver = lambda ran: (seen.append(ran.task), deliver(ran))[1]  # type: ignore[func-returns-value]
    await client.chat.completions.create(
        model="main",
        messages=said("x"),
        user="u1",
        metadata={"run": "7"},
        extra_body={"stigmergy": {"labels": {"team": "a"}}},
    )
    await house.runtime.direct.drain()
    assert seen[0].labels == {"user": "u1", "run": "7", "team": "a"}


async def test_the_options_of_the_caller_reach_the_model_that_answers(client: openai.AsyncOpenAI, house: House) -> None:
    await client.chat.completions.create(
        model="main",
        messages=said("x"),
        temperature=0.7,
        max_completion_tokens=33,
        top_p=0.9,
        seed=4,
        stop=["END"],
        presence_penalty=0.5,
    )
    asked = house.upstream.asked[0]
    assert (asked["temperature"], asked["max_tokens"], asked["top_p"], asked["seed"]) == (0.7, 33, 0.9, 4)
    assert (asked["stop"], asked["presence_penalty"]) == (["END"], 0.5)


async def test_more_tokens_than_the_agents_cap_are_not_asked_for(client: openai.AsyncOpenAI, house: House) -> None:
    await client.chat.completions.create(model="main", messages=said("x"), max_tokens=1_000_000)
    assert house.upstream.asked[0]["max_tokens"] == 1024


async def test_a_completion_that_was_cut_says_length(client: openai.AsyncOpenAI) -> None:
    done = await client.chat.completions.create(model="main", messages=said("to the limit"))
    assert (done.choices[0].message.content, done.choices[0].finish_reason) == ("cut", "length")


async def test_system_and_developer_messages_and_text_parts_are_taken(client: openai.AsyncOpenAI, house: House) -> None:
    messages: list[Any] = [
        {"role": "developer", "content": "be brief"},
        {"role": "user", "content": [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]},
    ]
    done = await client.chat.completions.create(model="main", messages=messages)
    assert done.choices[0].message.content == "answer: one\n\ntwo"
    assert house.upstream.asked[0]["messages"][0] == {"role": "system", "content": "be brief"}


async def test_a_conversation_is_passed_on_in_order(client: openai.AsyncOpenAI, house: House) -> None:
    messages: list[Any] = [*said("a"), {"role": "assistant", "content": "b"}, *said("c")]
    await client.chat.completions.create(model="main", messages=messages)
    assert [each["content"] for each in house.upstream.asked[0]["messages"]] == ["a", "b", "c"]


async def test_a_graph_without_language_models_answers_too(client: openai.AsyncOpenAI) -> None:
    done = await client.chat.completions.create(model="scripted", messages=said("x"), temperature=0.1)
    assert done.choices[0].message.content == "noted"


async def test_an_agent_that_fails_is_routed_round(client: openai.AsyncOpenAI) -> None:
    done: Any = await client.chat.completions.create(model="main", messages=said("first fails"))
    assert (done.stigmergy["route"], done.stigmergy["failed_calls"]) == (["dear"], 1)


async def test_every_answer_has_an_id_and_raw_responses_show_it(client: openai.AsyncOpenAI) -> None:
    raw = await client.chat.completions.with_raw_response.create(model="main", messages=said("x"))
    assert raw.headers["x-request-id"].startswith("req_")
    done = raw.parse()
    assert done._request_id == raw.headers["x-request-id"]


async def test_a_response_format_is_passed_on(client: openai.AsyncOpenAI, house: House) -> None:
    await client.chat.completions.create(model="main", messages=said("x"), response_format={"type": "json_object"})
    assert house.upstream.asked[0]["response_format"] == {"type": "json_object"}


@pytest.mark.parametrize("extra", [{"store": True}, {"service_tier": "auto"}, {"n": 1}, {"logprobs": False}])
async def test_what_changes_nothing_is_taken(http: httpx.AsyncClient, extra: dict[str, Any]) -> None:
    answer = await http.post("/chat/completions", json={"model": "main", "messages": said("x"), **extra})
    assert answer.status_code == 200, answer.text


async def test_a_budget_in_the_extras_holds(client: openai.AsyncOpenAI) -> None:
    extras = {"stigmergy": {"budget": {"max_calls": 1}}}
    done: Any = await client.chat.completions.create(model="main", messages=said("x"), extra_body=extras)
    assert done.stigmergy["route"] == ["cheap"]
    with pytest.raises(openai.BadRequestError) as refused:
        await client.chat.completions.create(model="two_steps", messages=said("x"), extra_body=extras)
    assert (refused.value.code, refused.value.param) == ("budget_too_small", "stigmergy.budget")
