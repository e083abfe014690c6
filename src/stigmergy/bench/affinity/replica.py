"""A replica of the language model that is not there."""

from __future__ import annotations

import asyncio

from ray import serve

from stigmergy.agents.models.base import Completion, TokenCount
from stigmergy.bench.affinity.engine import ModelledEngine, Speed
from stigmergy.deployments.question import Question


class ModelledReplica:
    """It waits as long as computing would take."""

    def __init__(self, speed: Speed) -> None:
        self._engine = ModelledEngine(speed)
        self._name = serve.get_replica_context().replica_id.unique_id

    async def complete(self, asked: Question) -> Completion:
        """Answers with its own name."""
        loop = asyncio.get_running_loop()
        served = self._engine.serve(asked.messages, loop.time())
        await asyncio.sleep(served.ready_at - loop.time())
        return Completion(self._name, TokenCount(served.tokens, 1, served.cached))
