"""What the bench measures, in one document."""

from __future__ import annotations

import asyncio
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch

from stigmergy.agents.models.batching.batched_model import BatchedModel
from stigmergy.agents.models.batching.decoder import Decoder
from stigmergy.agents.models.batching.devices import device_named
from stigmergy.agents.models.batching.engine import BatchEngine
from stigmergy.agents.models.batching.offline import write_all
from stigmergy.agents.models.configs import EngineLimits, NanoConfig
from stigmergy.agents.models.nano.decoder import load_nano_decoder
from stigmergy.agents.models.nano.lessons import draw_tasks
from stigmergy.agents.models.nano.weights import holds_nano
from stigmergy.agents.models.transformers_engine import TransformersDecoder
from stigmergy.bench.models.llama import Generate, drawn_llama
from stigmergy.bench.models.work import Plain, Rate, Stopwatch, Wanted, draw_work, plain_rate
from stigmergy.domain import Message

WIDTHS: Final = (1, 4, 16)
_NANO_TOKENS: Final = 24
_WARM_UP: Final = 2
_TIMEOUT_S: Final = 600.0


@dataclass(frozen=True, slots=True)
class Subject:
    """A model in both forms, and the questions that it is asked."""

    name: str
    decoder: Decoder
    plain: Plain
    work: Sequence[Wanted]


@dataclass(frozen=True, slots=True)
class Speeds:
    """Rates by how many answers are written side by side."""

    plain: Mapping[int, Rate]
    engine: Mapping[int, Rate]

    def describe(self) -> dict[str, Any]:
        """As JSON-compatible values."""
        told = {"plain": self.plain, "engine": self.engine}
        return {way: {str(width): rate.describe() for width, rate in rates.items()} for way, rates in told.items()}


class WriteAll:
    """Nano models without the engine: the decoder's own loop over a fixed list."""

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder

    def write(self, wanted: Sequence[Wanted]) -> int:
        """See ``Plain``."""
        asked = [(Message("user", each.text),) for each in wanted]
        done = write_all(self._decoder, asked, max(each.tokens for each in wanted))
        return sum(each.usage.output_tokens for each in done)


async def measure(
    nano: Path, requests: int, seed: int, device: str, told: Callable[[str], None]
) -> Mapping[str, Speeds]:
    """The speeds of a drawn Llama, and of the nano models in the folder as far as they are there.

    Raises:
        InvalidArtifact: a nano model in the folder is damaged.
        AgentUnavailable: there is no such device.
    """
    speeds = {}
    for subject in _subjects(nano, requests, seed, device):
        told(f"timing {subject.name}")
        await asyncio.to_thread(plain_rate, subject.plain, subject.work[:_WARM_UP], _WARM_UP)
        plain = {width: await asyncio.to_thread(plain_rate, subject.plain, subject.work, width) for width in WIDTHS}
        speeds[subject.name] = Speeds(plain, {width: await _engine_rate(subject, width) for width in WIDTHS})
    return speeds


def conditions() -> dict[str, Any]:
    """What figures of speed depend on."""
    return {"torch": torch.__version__, "threads": torch.get_num_threads(), "machine": platform.machine()}


def _subjects(nano: Path, requests: int, seed: int, device: str) -> list[Subject]:
    network, tokenizer = drawn_llama(seed, device_named("llama", device))
    llama = TransformersDecoder(network, tokenizer)
    found = [Subject("llama", llama, Generate(network, tokenizer), draw_work(seed, requests))]
    lessons = tuple(Wanted(task.text, _NANO_TOKENS) for task in draw_tasks(seed, requests))
    for folder in (each for each in (nano / "small", nano / "large") if holds_nano(each)):
        decoder = load_nano_decoder(folder.name, NanoConfig(path=folder, device=device))
        found.append(Subject(f"nano {folder.name}", decoder, WriteAll(decoder), lessons))
    return found


async def _engine_rate(subject: Subject, width: int) -> Rate:
    """All requests come at once; the engine writes for at most ``width`` of them, the others wait."""
    limits = EngineLimits(max_batch=width, max_waiting=len(subject.work))
    model = BatchedModel(subject.name, BatchEngine(subject.name, lambda: subject.decoder, limits))
    watch = Stopwatch()
    done = await asyncio.gather(
        *(model.complete((Message("user", each.text),), each.tokens, 0.0, _TIMEOUT_S) for each in subject.work)
    )
    rate = watch.rate(sum(each.usage.output_tokens for each in done))
    await model.aclose()
    return rate
