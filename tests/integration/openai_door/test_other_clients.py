from __future__ import annotations

import asyncio
import json

from langchain_openai import ChatOpenAI
from pydantic import SecretStr
from tests.integration.openai_door.conftest import KEY, House
from tests.integration.openai_door.said import TOOLS, said


async def test_langchain_needs_only_a_base_url(house: House) -> None:
    model = ChatOpenAI(model="main", base_url=house.url, api_key=SecretStr(KEY), max_retries=0)
    answer = await model.ainvoke("six by seven?")
    assert answer.content == "answer: six by seven?"
    assert answer.usage_metadata is not None
    assert answer.usage_metadata["total_tokens"] == 16
    assert "".join([str(each.content) async for each in model.astream("in pieces")]) == "answer: in pieces"
    called = await model.bind_tools(TOOLS).ainvoke("weather?")
    assert called.tool_calls[0]["name"] == "weather"
    assert called.tool_calls[0]["args"] == {"city": "Paris"}


async def test_curl_needs_only_a_base_url(house: House) -> None:
    body = json.dumps({"model": "main", "messages": said("by hand")})
    curl = await asyncio.create_subprocess_exec(
        "curl", "-sS", f"{house.url}/chat/completions", "-H", f"Authorization: Bearer {KEY}",
        "-H", "Content-Type: application/json", "-d", body, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    told, _ = await curl.communicate()
    assert json.loads(told)["choices"][0]["message"]["content"] == "answer: by hand"
