"""Any agent as a Serve deployment with its own replicas, and the gateway's way to all agents."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any

from ray import serve

from stigmergy.agents.base import Agent, Listener, Reply, Request
from stigmergy.agents.catalog import build_agent
from stigmergy.agents.configs import AgentConfig, LlmConfig
from stigmergy.deployments.model_deployment import models_of
from stigmergy.deployments.serve_options import serve_options
from stigmergy.deployments.translate_errors import agent_error
from stigmergy.domain import AgentId
from stigmergy.errors import AgentError, AgentTimedOut, InvalidReply
from stigmergy.platform.agent_gateway import InProcessGateway
from stigmergy.platform.settings import Settings


class AgentReplica:
    """One replica of one agent."""

    def __init__(self, name: AgentId, settings: Settings, handles: Mapping[str, Any]) -> None:
        """``handles``: the deployments of language models that it may ask."""
        config = settings.agents[name]
        asked = (config.model,) if isinstance(config, LlmConfig) else ()
        self._name = name
        self._agent = build_agent(name, config, models_of(settings, handles, os.environ, asked))
        self._inside = InProcessGateway({name: self._agent})

    async def call(self, request: Request) -> Reply | AgentError:
        """One call. A failure is returned, not raised, so that Ray need not wrap it and ship its traceback."""
        try:
            return await self._inside.call(self._name, request)
        except AgentError as error:
            return error

    async def stream(self, request: Request) -> AsyncIterator[str | Reply | AgentError]:
        """One call: the pieces of its text as the agent tells them, then what ``call`` returns."""
        told: asyncio.Queue[str | None] = asyncio.Queue()
        calling = asyncio.create_task(self.call(replace(request, listener=Listener(told.put_nowait))))
        calling.add_done_callback(lambda _: told.put_nowait(None))
        try:
            while (piece := await told.get()) is not None:
                yield piece
            yield await calling
        finally:
            calling.cancel()


def deploy_agent(name: AgentId, config: AgentConfig, settings: Settings, models: Mapping[str, Any]) -> Any:
    """The Serve application node of an agent that runs as a deployment; ``models`` are the nodes of those that do."""
    asked = {config.model} if isinstance(config, LlmConfig) else set[str]()
    deployment = serve.deployment(AgentReplica, name=deployment_name(name), **serve_options(config.deployment))
    return deployment.bind(name, settings, {model: models[model] for model in asked & models.keys()})


def deployment_name(agent: AgentId) -> str:
    """The name of an agent's deployment."""
    return f"agent-{agent}"


class ServeGateway:
    """Calls inline agents in this process, and the others through the handles of their deployments."""

    def __init__(self, inline: Mapping[AgentId, Agent], handles: Mapping[AgentId, Any]) -> None:
        self._inline = InProcessGateway(inline)
        self._handles = handles

    async def call(self, agent: AgentId, request: Request) -> Reply:
        """See ``AgentGateway``."""
        handle = self._handles.get(agent)
        if handle is None:
            return await self._inline.call(agent, request)
        try:
            async with asyncio.timeout(request.timeout_s):
                answer = await _asked(agent, handle, request)
        except TimeoutError:
            raise AgentTimedOut(agent, f"no reply within {request.timeout_s:g} s") from None
        except Exception as error:
            raise agent_error(agent, error) from error
        if isinstance(answer, AgentError):
            raise answer
        return answer

    async def aclose(self) -> None:
        """Close the inline agents; deployments are closed by Serve."""
        await self._inline.aclose()


async def _asked(agent: AgentId, handle: Any, request: Request) -> Reply | AgentError:
    """What the deployment returned; where somebody listens, what its agent tells is passed on as it comes."""
    listener = request.listener
    if listener is None:
        return await handle.call.remote(request)
    told = handle.options(stream=True).stream.remote(request)
    try:
        async for each in told:
            if not isinstance(each, str):
                return each
            listener.hear(each)
    except BaseException:
        told.cancel()
        raise
    return InvalidReply(agent, "its deployment's stream ended without a reply")
