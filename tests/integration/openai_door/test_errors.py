from __future__ import annotations

import asyncio
from typing import Any

import httpx
import openai
import pytest
from tests.integration.openai_door.conftest import KEY, House
from tests.integration.openai_door.said import said

IMAGE = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "http://x/y.png"}}]}]
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"n": 2}, "n"),
    ({"temperature": 3}, "temperature"),
    ({"top_p": "high"}, "top_p"),
    ({"max_tokens": 0}, "max_tokens"),
    ({"stop": ["a", "b", "c", "d", "e"]}, "stop"),
    ({"messages": []}, "messages"),
    ({"messages": IMAGE}, "messages.0.content.0.type"),
    ({"messages": [{"role": "narrator", "content": "x"}]}, "messages.0.role"),
    ({"messages": [{"role": "user", "content": " "}]}, "messages"),
    ({"logprobs": True}, "logprobs"),
    ({"modalities": ["audio"]}, "modalities"),
    ({"no_such_field": 1}, "no_such_field"),
    ({"stigmergy": {"no_such_field": 1}}, "stigmergy.no_such_field"),
    ({"stigmergy": {"budget": {"max_usd": "-1"}}}, "stigmergy.budget"),
    ({"model": "main@cheapest", "stigmergy": {"router": "dearest"}}, "stigmergy.router"),
]


@pytest.mark.parametrize(("extra", "param"), WRONG, ids=[param for _, param in WRONG])
async def test_what_is_wrong_is_named_in_openais_form(
    http: httpx.AsyncClient, extra: dict[str, Any], param: str
) -> None:
    answer = await http.post("/chat/completions", json={"model": "main", "messages": said("x"), **extra})
    assert answer.status_code == 400, answer.text
    error = answer.json()["error"]
    assert error.keys() == {"message", "type", "param", "code"}
    assert (error["type"], error["param"].startswith(param)) == ("invalid_request_error", True)
    assert answer.headers["x-request-id"].startswith("req_")


async def test_a_body_that_is_no_json_is_a_400(http: httpx.AsyncClient) -> None:
    answer = await http.post("/chat/completions", content=b"{no json")
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_request_error")


@pytest.mark.parametrize("key", ["stg_other", ""])
async def test_without_a_known_key_nobody_is_let_in(house: House, key: str) -> None:
    async with openai.AsyncOpenAI(api_key=key or "none", base_url=house.url, max_retries=0) as stranger:
        with pytest.raises(openai.AuthenticationError) as refused:
            await stranger.chat.completions.create(model="main", messages=said("x"))
    assert refused.value.code == "invalid_api_key"
    assert refused.value.request_id


@pytest.mark.parametrize("model", ["nowhere", "main@nobody"])
async def test_a_model_that_is_not_there_is_not_found(client: openai.AsyncOpenAI, model: str) -> None:
    with pytest.raises(openai.NotFoundError) as refused:
        await client.chat.completions.create(model=model, messages=said("x"))
    assert (refused.value.code, refused.value.param) == ("model_not_found", "model")


async def test_a_full_server_is_a_rate_limit_that_says_when_to_come_back(
    client: openai.AsyncOpenAI, house: House
) -> None:
    waiting = [asyncio.create_task(client.chat.completions.create(model="main", messages=said("hang"))) for _ in "abc"]
    await house.upstream.has_been_asked(3)
    with pytest.raises(openai.RateLimitError) as refused:
        await client.chat.completions.create(model="main", messages=said("x"))
    assert refused.value.code == "rate_limit_exceeded"
    assert refused.value.response.headers["retry-after"] == "2"
    for each in waiting:
        each.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_a_tenant_whose_budget_is_used_up_is_out_of_quota_and_not_asked_to_retry(house: House) -> None:
    async with openai.AsyncOpenAI(api_key="stg_poor", base_url=house.url, max_retries=3) as poor:
        await poor.chat.completions.create(model="main", messages=said("x"))
        with pytest.raises(openai.RateLimitError) as refused:
            await poor.chat.completions.create(model="main", messages=said("x"))
    assert (refused.value.code, refused.value.type) == ("insufficient_quota", "insufficient_quota")
    assert len(house.upstream.asked) == 1


async def test_an_escalation_is_a_server_error_that_clients_do_not_repeat(house: House) -> None:
    async with openai.AsyncOpenAI(api_key=KEY, base_url=house.url, max_retries=3) as patient:
        with pytest.raises(openai.InternalServerError) as failed:
            await patient.chat.completions.create(model="main", messages=said("refuse all"))
    assert failed.value.code == "escalated"
    assert isinstance(failed.value.body, dict)
    assert failed.value.body["stigmergy"]["status"] == "escalated"
    assert len(house.upstream.asked) == 2


async def test_a_deadline_that_passes_is_an_escalation(client: openai.AsyncOpenAI) -> None:
    extras = {"stigmergy": {"budget": {"deadline_s": 0.2}}}
    with pytest.raises(openai.InternalServerError, match="deadline"):
        await client.chat.completions.create(model="main", messages=said("hang"), extra_body=extras)


async def test_the_wrong_method_is_refused(http: httpx.AsyncClient) -> None:
    assert (await http.get("/chat/completions")).status_code == 405


@pytest.mark.parametrize("stream", [False, True])
async def test_agents_without_room_are_a_503_that_says_when_to_come_back(
    house: House, http: httpx.AsyncClient, stream: bool
) -> None:
    taking_the_only_connection = asyncio.create_task(
        http.post("/chat/completions", json={"model": "narrow", "messages": said("hang")})
    )
    await house.upstream.has_been_asked(1)
    answer = await http.post("/chat/completions", json={"model": "narrow", "messages": said("x"), "stream": stream})
    taking_the_only_connection.cancel()

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.json()["error"]["code"] == "agents_overloaded"
    assert len(house.upstream.asked) == 1
