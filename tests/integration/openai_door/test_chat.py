from __future__ import annotations

from typing import Any

import openai


def said(text: str) -> list[Any]:
    return [{"role": "user", "content": text}]


async def test_a_chat_completion_needs_only_a_base_url_and_the_name_of_a_graph(client: openai.AsyncOpenAI) -> None:
    done = await client.chat.completions.create(model="main", messages=said("six by seven?"))
    assert done.choices[0].message.content == "answer: six by seven?"


async def test_streamed(client: openai.AsyncOpenAI) -> None:
    stream = await client.chat.completions.create(
        model="main", messages=said("six by seven?"), stream=True, stream_options={"include_usage": True}
    )
    chunks = [c async for c in stream]
    for c in chunks:
        print(c.model_dump(exclude_unset=True))
    assert 0
