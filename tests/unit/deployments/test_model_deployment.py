"""The replica and the way to it, with a handle that calls the replica itself; real Serve: tests/acceptance."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from ray.serve.exceptions import BackPressureError

from stigmergy.agents.configs import DeploymentConfig
from stigmergy.agents.models.base import Completion
from stigmergy.deployments.model_deployment import DeployedModel, ModelReplica, models_of
from stigmergy.deployments.serve_options import serve_options
from stigmergy.domain import Message
from stigmergy.errors import AgentOverloaded, AgentTimedOut
from stigmergy.platform.settings.loading import settings_from

SETTINGS = settings_from(
    """
models:
  echo: {kind: scripted, answers: {"say (.*)": 'you said \\1'}, price: {per_call: "0.01"}, deployment: {}}
agents:
  clerk: {kind: llm, model: echo}
graphs:
  main: {stages: [[clerk]], router: cheapest}
routers:
  cheapest: {kind: cheapest}
""",
    {},
)


class Direct:
    """A deployment's handle in this process."""

    def __init__(self, method: Any) -> None:
        self._method = method
        self.cancelled = False

    def remote(self, *given: Any) -> Any:
        self._running = self._method(*given)
        return self

    def __await__(self) -> Any:
        return self._running.__await__()

    def __aiter__(self) -> Any:
        return self._running

    def __anext__(self) -> Any:
        return self._running.__anext__()

    def cancel(self) -> None:
        self.cancelled = True


class Handle:
    def __init__(self, replica: Any) -> None:
        self.complete, self.stream = Direct(replica.complete), Direct(replica.stream)

    def options(self, *, stream: bool) -> Handle:
        return self


def said(text: str) -> tuple[Message, ...]:
    return (Message("user", text),)


async def test_a_deployed_model_answers_as_the_model_itself() -> None:
    models = models_of(SETTINGS, {"echo": Handle(ModelReplica("echo", SETTINGS))}, {}, ["echo"])

    done = await models["echo"].complete(said("say hello"), 20, 0.0, 5)

    assert done.text == "you said hello"
    assert models["echo"].price == SETTINGS.models["echo"].price.price()  # type: ignore[union-attr]


async def test_a_stream_passes_every_piece_and_then_the_completion() -> None:
    model = DeployedModel("echo", Handle(ModelReplica("echo", SETTINGS)), None)

    told = [piece async for piece in model.stream(said("say hello"), 20, 0.0, 5)]

    assert isinstance(told[-1], Completion)
    assert "".join(str(piece) for piece in told[:-1]) == told[-1].text


async def test_a_full_queue_is_told_as_overload() -> None:
    class Full:
        async def complete(self, _: object) -> None:
            raise BackPressureError(1, 1)

        async def stream(self, asked: object) -> AsyncIterator[str]:
            if asked:
                raise BackPressureError(1, 1)
            yield ""

    model = DeployedModel("echo", Handle(Full()), None)
    with pytest.raises(AgentOverloaded):
        await model.complete(said("x"), 20, 0.0, 5)
    with pytest.raises(AgentOverloaded):
        _ = [piece async for piece in model.stream(said("x"), 20, 0.0, 5)]


async def test_who_stops_listening_cancels_the_call_and_so_does_the_time_limit() -> None:
    class Endless:
        async def complete(self, _: object) -> None:
            await asyncio.Event().wait()

        async def stream(self, _: object) -> AsyncIterator[str]:
            yield "a"
            await asyncio.Event().wait()

    handle = Handle(Endless())
    model = DeployedModel("echo", handle, None)
    with pytest.raises(AgentTimedOut):
        _ = [piece async for piece in model.stream(said("x"), 20, 0.0, 0.02)]
    with pytest.raises(AgentTimedOut):
        await model.complete(said("x"), 20, 0.0, 0.02)

    assert handle.stream.cancelled
    assert handle.complete.cancelled


def test_a_configuration_becomes_options_of_serve() -> None:
    config = DeploymentConfig(
        num_gpus=1, accelerator_type="H200", min_replicas=0, max_replicas=4, target_ongoing_requests=2,
        max_queued_requests=8, placement=({"GPU": 1, "CPU": 1}, {"GPU": 1}), placement_strategy="STRICT_PACK",
    )  # fmt: skip

    options = serve_options(config)

    assert options["ray_actor_options"] == {"num_cpus": 0, "num_gpus": 1, "accelerator_type": "H200"}
    assert options["autoscaling_config"] == {"min_replicas": 0, "max_replicas": 4, "target_ongoing_requests": 2}
    assert options["placement_group_bundles"] == [{"GPU": 1, "CPU": 1}, {"GPU": 1}]
    assert options["placement_group_strategy"] == "STRICT_PACK"
    assert options["max_queued_requests"] == 8
    assert "num_replicas" not in options
