"""A language model as a Serve deployment with its own replicas, and the way to it from wherever an agent asks."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import aclosing
from typing import Any

from ray import serve

from stigmergy.agents.catalog import build_model
from stigmergy.agents.models.base import (
    NO_OPTIONS,
    Completion,
    LanguageModel,
    Messages,
    Resident,
    StreamingModel,
)
from stigmergy.agents.models.replica_routing import ModelDeploymentConfig
from stigmergy.deployments.question import Question
from stigmergy.deployments.replica_routing.request_router import request_router
from stigmergy.deployments.serve_options import serve_options
from stigmergy.deployments.translate_errors import agent_error
from stigmergy.domain import ModelOptions, Price
from stigmergy.errors import AgentError, AgentTimedOut, InvalidReply
from stigmergy.platform.settings import Settings


class ModelReplica:
    """One replica of one model. What runs in it is loaded when it starts, and it is replaced when it is not healthy."""

    def __init__(self, name: str, settings: Settings) -> None:
        self._model = build_model(name, settings.models[name], os.environ)
        if isinstance(self._model, Resident):
            self._model.start()

    async def complete(self, asked: Question) -> Completion | AgentError:
        """One completion. A failure is returned, not raised, so that Ray need not wrap it and ship its traceback."""
        try:
            return await self._model.complete(**_arguments(asked))
        except AgentError as error:
            return error

    async def stream(self, asked: Question) -> AsyncIterator[str | Completion | AgentError]:
        """One completion in pieces; a failure is the last of them."""
        if not isinstance(self._model, StreamingModel):
            yield await self.complete(asked)
            return
        told: Any = self._model.stream(**_arguments(asked))
        try:
            # Closed at once when the asker goes away, so that its place is free at the next step.
            async with aclosing(told):
                async for piece in told:
                    yield piece
        except AgentError as error:
            yield error

    def check_health(self) -> None:
        """Serve asks regularly; raises AgentUnavailable where another replica has to take this one's place."""
        if isinstance(self._model, Resident):
            self._model.check_health()


def _arguments(asked: Question) -> dict[str, Any]:
    return {name: getattr(asked, name) for name in Question.__slots__}


def deploy_model(name: str, config: ModelDeploymentConfig, settings: Settings) -> Any:
    """The Serve application node of a model with a deployment of its own."""
    return serve.deployment(
        ModelReplica,
        name=f"model-{name}",
        request_router_config=request_router(config.replica_routing),
        **serve_options(config),
    ).bind(name, settings)


class DeployedModel:
    """A model behind the handle of its deployment. A full queue is AgentOverloaded."""

    def __init__(self, name: str, handle: Any, price: Price | None) -> None:
        self.name, self.price, self._handle = name, price, handle

    async def complete(
        self,
        messages: Messages,
        max_output_tokens: int,
        temperature: float | None,
        timeout_s: float,
        seed: int | None = None,
        options: ModelOptions = NO_OPTIONS,
    ) -> Completion:
        """See ``LanguageModel``."""
        asked = Question(messages, max_output_tokens, temperature, timeout_s, seed, options)
        answering = self._handle.complete.remote(asked)
        try:
            async with asyncio.timeout(timeout_s):
                answer = await answering
        except BaseException as error:
            # Nobody waits any more: the replica need not go on.
            answering.cancel()
            if isinstance(error, Exception):
                raise self._said(error, timeout_s) from error
            raise
        if isinstance(answer, AgentError):
            raise answer
        return answer

    async def stream(
        self,
        messages: Messages,
        max_output_tokens: int,
        temperature: float | None,
        timeout_s: float,
        seed: int | None = None,
        options: ModelOptions = NO_OPTIONS,
    ) -> AsyncIterator[str | Completion]:
        """See ``StreamingModel``. Closing the iterator ends the work in the replica."""
        asked = Question(messages, max_output_tokens, temperature, timeout_s, seed, options)
        pieces = self._handle.options(stream=True).stream.remote(asked)
        until = asyncio.get_running_loop().time() + timeout_s
        try:
            while not isinstance(piece := await self._next(pieces, until, timeout_s), Completion):
                yield piece
            yield piece
        finally:
            pieces.cancel()

    async def _next(self, pieces: Any, until: float, timeout_s: float) -> str | Completion:
        try:
            async with asyncio.timeout_at(until):
                piece = await anext(pieces)
        except StopAsyncIteration:
            raise InvalidReply(self.name, "its stream ended without a completion") from None
        except Exception as error:
            raise self._said(error, timeout_s) from error
        if isinstance(piece, AgentError):
            raise piece
        return piece

    async def aclose(self) -> None:
        """Nothing to give back: deployments are closed by Serve."""

    def _said(self, error: Exception, timeout_s: float) -> AgentError:
        if isinstance(error, TimeoutError):
            return AgentTimedOut(self.name, f"no answer within {timeout_s:g} s")
        return agent_error(self.name, error)


def models_of(
    settings: Settings, handles: Mapping[str, Any], environ: Mapping[str, str], wanted: Iterable[str]
) -> dict[str, LanguageModel]:
    """The wanted models, as a process asks them: through the handle of a deployment, or inside itself."""
    return {name: _model(name, settings, handles, environ) for name in wanted}


def _model(name: str, settings: Settings, handles: Mapping[str, Any], environ: Mapping[str, str]) -> LanguageModel:
    config = settings.models[name]
    if name not in handles:
        return build_model(name, config, environ)
    return DeployedModel(name, handles[name], config.price.price() if config.price is not None else None)
