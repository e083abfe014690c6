"""Beginnings of questions that need not be read again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from decimal import Decimal

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.agents.base import Request
from stigmergy.agents.configs import EngineLimits
from stigmergy.agents.llm import LlmAgent
from stigmergy.agents.models.base import Completion
from stigmergy.agents.models.batching.batched_model import BatchedModel
from stigmergy.agents.models.batching.decoder import Layers
from stigmergy.agents.models.batching.engine import BatchEngine
from stigmergy.agents.models.batching.prefixes import KeptPrefixes
from stigmergy.agents.models.nano.decoder import NanoDecoder
from stigmergy.agents.models.nano.network import NanoNetwork, NanoShape
from stigmergy.agents.strategies import STRATEGIES
from stigmergy.domain import AgentProfile, Message, Price, TokenCaps

BEGINNING = "Add up what follows, one after another: "
QUESTIONS = [BEGINNING + rest for rest in ("1 + 2", "1 + 3 + 4", "", "7")] + ["Backwards: abcdef and more of it.", "zz"]


def read(question: Sequence[int], padding: int = 0) -> Layers:
    """Layers that tell which token every column is of; padding is -1."""
    told = torch.tensor([-1.0] * padding + [float(token) for token in question]).reshape(1, 1, -1, 1)
    return ((told, told + 0.5),)


def columns(layers: Layers) -> list[float]:
    return [value for keys, _ in layers for value in keys.flatten().tolist()]


def test_the_longest_beginning_is_found_without_the_last_token() -> None:
    kept = KeptPrefixes(100)
    kept.keep(range(20), read(range(20)), 0)
    kept.keep([*range(17), 90, 91], read([*range(17), 90, 91], padding=5), 0)

    assert columns(kept.beginning(range(20))) == list(range(19))
    assert columns(kept.beginning([*range(17), 90, 91, 92])) == [*range(17), 90, 91]
    assert kept.beginning([5, *range(30)]) == ()


def test_a_few_tokens_are_not_worth_it() -> None:
    kept = KeptPrefixes(100)
    kept.keep(range(15), read(range(15)), 0)
    kept.keep(range(30), read(range(30)), 0)

    assert kept.beginning([*range(15), 99, 99]) == ()


def test_what_was_used_longest_ago_makes_room() -> None:
    kept = KeptPrefixes(60)
    first, second, third = (range(start, start + 25) for start in (0, 100, 200))
    kept.keep(first, read(first), 0)
    kept.keep(second, read(second), 0)
    assert kept.beginning(first)
    kept.keep(third, read(third), 0)

    assert kept.beginning(first)
    assert not kept.beginning(second)


def test_a_network_that_has_forgotten_the_beginning_is_not_believed() -> None:
    kept = KeptPrefixes(100)
    kept.keep(range(30), read(range(10, 30)), 0)

    assert kept.beginning(range(30)) == ()


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 40)), max_size=20))
@settings(max_examples=40)
def test_what_is_found_is_what_the_question_begins_with(asked: list[tuple[int, int]]) -> None:
    kept = KeptPrefixes(70)
    for start, count in asked:
        question = [*range(start, start + 18), *range(50, 50 + count)]
        found = columns(kept.beginning(question))
        assert found == question[: len(found)]
        assert len(found) < len(question)
        kept.keep(question, read(question), 0)


def model_with(cached_tokens: int, seed: int = 3) -> BatchedModel:
    network = NanoNetwork(NanoShape(width=16, layers=2, heads=2))
    network.initialise(torch.Generator().manual_seed(seed))
    decoder = NanoDecoder(network, torch.device("cpu"))
    return BatchedModel("nano", BatchEngine("nano", lambda: decoder, EngineLimits(cached_tokens=cached_tokens)))


async def answers(model: BatchedModel, temperature: float) -> list[Completion]:
    """The first alone, so that there is something to begin with; then all of them twice."""

    async def answer(text: str) -> Completion:
        return await model.complete((Message("user", text),), 12, temperature, 20, 7)

    done = [await answer(QUESTIONS[0]), *await asyncio.gather(*map(answer, QUESTIONS * 2))]
    await model.aclose()
    return done


@pytest.mark.parametrize("temperature", [0.0, 1.0])
@pytest.mark.parametrize("seed", [3, 4, 5])
async def test_answers_are_the_same_to_the_token_whether_beginnings_are_kept_or_not(
    temperature: float, seed: int
) -> None:
    without, kept = await answers(model_with(0, seed), temperature), await answers(model_with(500, seed), temperature)

    assert [each.text for each in kept] == [each.text for each in without]
    assert len({each.text for each in kept}) > 1
    assert all(each.usage.cached_tokens == 0 for each in without)
    assert all(each.usage.cached_tokens >= len(BEGINNING) for each in kept[1:5])


async def test_an_agent_pays_less_for_a_beginning_that_its_model_has_kept() -> None:
    price = Price(per_million_input=Decimal(10), per_million_output=Decimal(1), per_million_cached_input=Decimal(1))
    model, caps = model_with(500), TokenCaps(256, 4)
    agent = LlmAgent(AgentProfile(id="a", price=price, caps=caps), model, STRATEGIES["direct"])
    cold, warm = [
        (await agent.call(Request(text=text, step_key=text, timeout_s=20, caps=caps))).usage for text in QUESTIONS[:2]
    ]
    await model.aclose()
    full = price.of(warm.input_tokens, warm.output_tokens)

    assert (cold.cached_tokens, cold.usd) == (0, price.of(cold.input_tokens, cold.output_tokens))
    assert warm.cached_tokens >= len(BEGINNING)
    assert full - warm.usd == 9 * warm.cached_tokens * Decimal("0.000001")
