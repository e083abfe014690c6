"""The OpenAI door behind HAProxy and two gateways, the language model's agent in a deployment of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import openai
import pytest

pytestmark = pytest.mark.ray


def test_a_deployed_agent_is_heard_while_it_writes(
    served: Any, http: httpx.Client, eventually: Callable[..., Any]
) -> None:
    with openai.OpenAI(api_key="none", base_url=f"{served.url}/v1", max_retries=0) as client:
        whole: Any = client.chat.completions.create(model="talking", messages=[{"role": "user", "content": "x"}])
        stream = client.chat.completions.create(
            model="talking", messages=[{"role": "user", "content": "x"}], stream=True
        )
        pieces = [chunk.choices[0].delta.content for chunk in stream]
    assert whole.choices[0].message.content == "one two three"
    assert pieces == ["", "one", " two", " three", None]
    path = f"/v1/episodes/{whole.stigmergy['episode_id']}"
    stored: Any = eventually(lambda: (told := http.get(path)).status_code == 200 and told.json())
    assert (stored["answer"], stored["route"]) == ("one two three", ["talks"])


def test_a_caller_that_goes_away_is_noticed_behind_the_proxy(
    served: Any, http: httpx.Client, eventually: Callable[..., Any]
) -> None:
    body = {"model": "lasting", "messages": [{"role": "user", "content": "sleep 15"}]}
    with pytest.raises(httpx.ReadTimeout):
        http.post("/v1/chat/completions", json=body, timeout=1)
    cancelled = {"graph": "lasting", "status": "cancelled"}
    (episode,) = eventually(lambda: http.get("/v1/episodes", params=cancelled).json()["episodes"])
    assert episode["reason"] == "the caller went away"
