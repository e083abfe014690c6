from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

import pytest
import torch
from torch import Tensor

from stigmergy.agents.configs import EngineLimits
from stigmergy.agents.models.base import Completion, Messages
from stigmergy.agents.models.batching.batched_model import BatchedModel
from stigmergy.agents.models.batching.decoder import Decoder, Layers
from stigmergy.agents.models.batching.engine import BatchEngine
from stigmergy.agents.models.nano.decoder import NanoDecoder
from stigmergy.agents.models.nano.network import NanoNetwork, NanoShape
from stigmergy.domain import Message
from stigmergy.errors import AgentFailed, AgentOverloaded, AgentTimedOut, AgentUnavailable, InputTooLong

QUESTIONS = ("What is 1 + 2?", "a", "Backwards: abcdef.", "No vowels: hello world and more of it.", "zz")


def drawn_decoder(seed: int = 3) -> NanoDecoder:
    network = NanoNetwork(NanoShape(width=16, layers=2, heads=2))
    network.initialise(torch.Generator().manual_seed(seed))
    return NanoDecoder(network, torch.device("cpu"))


class Gated:
    """A decoder that takes each step only when it is let."""

    def __init__(self, decoder: Decoder) -> None:
        self.context, self.ends, self.device = decoder.context, frozenset[int](), decoder.device
        self.encode, self.decode = decoder.encode, decoder.decode
        self.sizes: list[int] = []
        self.gate = threading.Semaphore(0)
        self.reading = threading.Semaphore(0)
        self._decoder = decoder

    def read(self, tokens: Tensor, positions: Tensor, kept: Tensor, past: Layers) -> tuple[Tensor, Layers]:
        self.reading.release()
        self.gate.acquire()
        self.sizes.append(len(tokens))
        return self._decoder.read(tokens, positions, kept, past)


@pytest.fixture
async def started() -> AsyncIterator[Callable[..., BatchedModel]]:
    models = []

    def start(decoder: Decoder, **limits: int) -> BatchedModel:
        model = BatchedModel("nano", BatchEngine("nano", lambda: decoder, EngineLimits(**limits)))
        models.append(model)
        return model

    yield start
    for model in models:
        await model.aclose()


def said(text: str) -> Messages:
    return (Message("user", text),)


async def text_of(model: BatchedModel, text: str, seed: int | None = None, temperature: float = 0.0) -> str:
    return (await model.complete(said(text), 12, temperature, 20, seed)).text


Start = Callable[..., BatchedModel]


@pytest.mark.parametrize("temperature", [0.0, 1.0])
async def test_a_request_gets_the_same_text_alone_and_among_others(started: Start, temperature: float) -> None:
    alone = started(drawn_decoder(), max_batch=1)
    together = started(drawn_decoder(), max_batch=8)

    expected = [await text_of(alone, text, 7, temperature) for text in QUESTIONS]
    got = await asyncio.gather(*(text_of(together, text, 7, temperature) for text in QUESTIONS))

    assert list(got) == expected
    assert len(set(expected)) > 1


async def test_a_request_that_comes_while_others_are_written_joins_at_the_next_step(started: Start) -> None:
    gated = Gated(drawn_decoder())
    model = started(gated)
    first = asyncio.create_task(model.complete(said("abc"), 4, 0.0, 20))
    await asyncio.to_thread(gated.reading.acquire)
    second = asyncio.create_task(model.complete(said("a longer one"), 4, 0.0, 20))
    await asyncio.sleep(0)
    for _ in range(20):
        gated.gate.release()

    both = await asyncio.gather(first, second)

    assert [done.usage.output_tokens for done in both] == [4, 4]
    # First reads alone and writes its first token; it writes beside the reading of the second, then both in one.
    assert gated.sizes == [1, 1, 1, 2, 2, 1]


async def test_different_seeds_draw_different_texts(started: Start) -> None:
    model = started(drawn_decoder())

    assert len({await text_of(model, "abc", seed, 1.5) for seed in range(5)}) > 1


async def test_the_pieces_of_a_stream_are_the_text_of_its_completion(started: Start) -> None:
    told = [piece async for piece in started(drawn_decoder()).stream(said("abc"), 10, 0.0, 20)]

    completion = told[-1]
    assert isinstance(completion, Completion)
    assert "".join(str(piece) for piece in told[:-1]) == completion.text
    assert completion.usage.input_tokens == len("abc") + 1


async def test_an_answer_is_cut_at_the_most_tokens_and_says_so(started: Start) -> None:
    done = await started(drawn_decoder()).complete(said("abc"), 3, 0.0, 20)

    assert (done.finish_reason, done.usage.output_tokens) == ("length", 3)


async def test_a_stop_string_ends_the_answer(started: Start) -> None:
    model = started(drawn_decoder())
    whole = await text_of(model, "abc")

    done = await model.complete(said("abc"), 12, 0.0, 20, options={"stop": whole[3]})

    assert (done.text, done.finish_reason) == (whole[: whole.index(whole[3])], "stop")


async def test_a_question_that_leaves_no_room_is_told_with_its_length(started: Start) -> None:
    with pytest.raises(InputTooLong, match="has 301 tokens, the model reads at most 255"):
        await text_of(started(drawn_decoder()), "x" * 300)
    with pytest.raises(InputTooLong, match="reads at most 4"):
        await text_of(started(drawn_decoder(), max_input_tokens=4), "12345")


async def test_more_requests_than_may_wait_are_turned_away(started: Start) -> None:
    gated = Gated(drawn_decoder())
    model = started(gated, max_batch=1, max_waiting=1)
    running = asyncio.create_task(text_of(model, "a"))
    await asyncio.to_thread(gated.reading.acquire)
    waiting = asyncio.create_task(text_of(model, "b"))
    await asyncio.sleep(0)

    with pytest.raises(AgentOverloaded, match="1 requests wait already"):
        await text_of(model, "c")

    for _ in range(40):
        gated.gate.release()
    await asyncio.gather(running, waiting)


async def test_who_stops_listening_gives_the_place_back(started: Start) -> None:
    gated = Gated(drawn_decoder())
    model = started(gated, max_batch=1)
    abandoned = asyncio.create_task(model.complete(said("a"), 1000, 0.0, 20))
    await asyncio.to_thread(gated.reading.acquire)
    abandoned.cancel()
    await asyncio.gather(abandoned, return_exceptions=True)
    for _ in range(20):
        gated.gate.release()

    assert await text_of(model, "b") == await text_of(started(opened()), "b")
    assert len(gated.sizes) <= 1 + 12


def opened() -> Gated:
    gated = Gated(drawn_decoder())
    for _ in range(1000):
        gated.gate.release()
    return gated


async def test_a_step_that_hangs_does_not_keep_its_asker(started: Start) -> None:
    gated = Gated(drawn_decoder())
    with pytest.raises(AgentTimedOut):
        await started(gated).complete(said("a"), 5, 0.0, 0.05)
    gated.gate.release()


async def test_a_step_that_fails_fails_those_in_it_and_the_engine_goes_on(started: Start) -> None:
    class Fragile(Gated):
        def read(self, tokens: Tensor, positions: Tensor, kept: Tensor, past: Layers) -> tuple[Tensor, Layers]:
            if kept.shape[1] > 20:
                raise RuntimeError("out of memory")
            return super().read(tokens, positions, kept, past)

    fragile = Fragile(drawn_decoder())
    for _ in range(1000):
        fragile.gate.release()
    model = started(fragile)

    with pytest.raises(AgentFailed, match="out of memory"):
        await text_of(model, "x" * 30)
    assert await text_of(model, "abc")
    model.engine.check_health()


async def test_an_engine_that_cannot_load_says_so_to_everybody(started: Start) -> None:
    def load() -> Decoder:
        raise FileNotFoundError("no weights")

    model = BatchedModel("nano", BatchEngine("nano", load, EngineLimits()))
    with pytest.raises(AgentUnavailable, match="no weights"):
        await text_of(model, "abc")
    with pytest.raises(AgentUnavailable):
        model.engine.check_health()
    with pytest.raises(AgentUnavailable, match="closed"):
        await text_of(model, "abc")


async def closed(engine: BatchEngine) -> None:
    with suppress(AgentUnavailable):
        while True:
            engine.check_health()
            await asyncio.sleep(0)


async def test_closing_tells_those_who_wait() -> None:
    gated = Gated(drawn_decoder())
    model = BatchedModel("nano", BatchEngine("nano", lambda: gated, EngineLimits()))
    asked = asyncio.create_task(text_of(model, "abc"))
    await asyncio.to_thread(gated.reading.acquire)
    closing = asyncio.create_task(model.aclose())
    await closed(model.engine)
    gated.gate.release()

    with pytest.raises(AgentUnavailable, match="closed"):
        await asked
    await closing
