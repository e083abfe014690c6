"""Tokens per second: the batching engine beside one completion after another."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from stigmergy.agents.models.base import Messages
from stigmergy.agents.models.batching.batched_model import BatchedModel
from stigmergy.agents.models.batching.decoder import Decoder
from stigmergy.agents.models.batching.engine import BatchEngine
from stigmergy.agents.models.batching.offline import write_all
from stigmergy.agents.models.configs import EngineLimits
from stigmergy.domain import Message

_MOST_TOKENS = 24


@dataclass(frozen=True, slots=True)
class Speed:
    """Tokens written per second of wall time; ``engine_at`` by the number of requests that are open at once."""

    sequential: float
    engine_at: dict[int, float]

    def describe(self) -> dict[str, Any]:
        """As JSON-compatible values."""
        return {"tokens_per_s": asdict(self)}


async def measure_speed(name: str, decoder: Decoder, texts: Sequence[str], at_once: Sequence[int]) -> Speed:
    """The same questions one after another, with a cache of keys and values, and through the engine."""
    asked = [(Message("user", text),) for text in texts]
    sequential = await asyncio.to_thread(_sequential, decoder, asked)
    return Speed(sequential, {width: await _engine(name, decoder, asked, width) for width in at_once})


def _sequential(decoder: Decoder, asked: Sequence[Messages]) -> float:
    started = time.perf_counter()
    done = [write_all(decoder, [messages], _MOST_TOKENS)[0] for messages in asked]
    return sum(each.usage.output_tokens for each in done) / (time.perf_counter() - started)


async def _engine(name: str, decoder: Decoder, asked: Sequence[Messages], width: int) -> float:
    limits = EngineLimits(max_batch=width, max_waiting=len(asked))
    model = BatchedModel(name, BatchEngine(name, lambda: decoder, limits))
    started = time.perf_counter()
    done = await asyncio.gather(*(model.complete(messages, _MOST_TOKENS, 0.0, 600) for messages in asked))
    spent = time.perf_counter() - started
    await model.aclose()
    return sum(each.usage.output_tokens for each in done) / spent
