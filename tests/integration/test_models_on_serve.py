"""A language model with a deployment of its own: asked by agents at the gateways and by deployed ones alike."""

from __future__ import annotations

from typing import Any

import openai
import pytest

pytestmark = pytest.mark.ray


@pytest.mark.parametrize("graph", ["chatting", "talking"])
def test_agents_share_a_deployed_model_and_its_stream(served: Any, graph: str) -> None:
    asked: Any = {"model": graph, "messages": [{"role": "user", "content": "x"}]}
    with openai.OpenAI(api_key="none", base_url=f"{served.url}/v1", max_retries=0) as client:
        whole = client.chat.completions.create(**asked)
        pieces = [chunk.choices[0].delta.content for chunk in client.chat.completions.create(**asked, stream=True)]

    assert whole.choices[0].message.content == "one two three"
    assert pieces == ["", "one", " two", " three", None]
    assert len(served.replicas("model-words")) == 2
