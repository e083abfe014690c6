from __future__ import annotations

import random
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.agents.catalog import build_model
from stigmergy.agents.configs import NanoConfig
from stigmergy.agents.models.nano.characters import UNKNOWN, decode, encode
from stigmergy.agents.models.nano.compute import flops_per_token, usd_per_million_tokens
from stigmergy.agents.models.nano.lessons import TIERS, draw_lesson, draw_tasks
from stigmergy.agents.models.nano.making import MadeNano, Making, make_nano
from stigmergy.agents.models.nano.network import SIZES, NanoNetwork, NanoShape
from stigmergy.agents.models.nano.training import NanoTraining, new_network, train
from stigmergy.agents.models.nano.weights import load_nano
from stigmergy.agents.workbench.evaluator import check_answer
from stigmergy.domain import Message
from stigmergy.errors import AgentUnavailable, InvalidArtifact

CPU = torch.device("cpu")


def quick(steps: int = 1, seed: int = 0, minutes: float = 5) -> MadeNano:
    making = Making(size="small", steps=steps, seed=seed, minutes=minutes, device="cpu", examined=1)
    return make_nano(making, lambda *_: None)


def losses(seed: int) -> list[float]:
    training = NanoTraining(steps=8, rate=1e-2, embedding_rate=1e-2, shares={"easy": 1}, batch=6, warm_up=1, seed=seed)
    network = new_network(NanoShape(width=16, layers=1, heads=2), training, CPU)
    return list(train(network, training, CPU, lambda: 0.0))


@settings(max_examples=50, deadline=None)
@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30))
def test_printable_text_comes_back_from_its_tokens(text: str) -> None:
    assert decode(encode(text)) == text


def test_a_character_outside_the_alphabet_is_a_token_of_its_own() -> None:
    assert encode("é") == [UNKNOWN]
    assert decode([UNKNOWN]) == "?"


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(TIERS))
def test_the_workbench_holds_every_lessons_answer_for_right(seed: int, tier: str) -> None:
    lesson = draw_lesson(random.Random(seed), next(each for each in TIERS if each == tier))

    assert check_answer(lesson.task.reference, lesson.answer) == 1


def test_tasks_are_distinct_and_the_tiers_are_in_balance() -> None:
    tasks = draw_tasks(3, 90)

    assert tasks == draw_tasks(3, 90)
    assert len({task.text for task in tasks}) == 90
    assert [sum(task.difficulty == tier for task in tasks) for tier in TIERS] == [30, 30, 30]


def test_what_is_read_in_two_parts_scores_as_what_is_read_at_once() -> None:
    network = NanoNetwork(NanoShape(width=16, layers=2, heads=2))
    network.initialise(torch.Generator().manual_seed(1))
    tokens = torch.randint(0, 100, (2, 9), generator=torch.Generator().manual_seed(2))
    positions = torch.arange(9).expand(2, 9)

    whole, _ = network(tokens, positions)
    _, cache = network(tokens[:, :8], positions[:, :8])
    last, _ = network(tokens[:, 8:], positions[:, 8:], torch.ones(2, 1, 1, 9, dtype=torch.bool), cache)

    torch.testing.assert_close(last[:, 0], whole[:, 8])


def test_a_token_of_the_large_network_takes_three_times_the_compute_of_the_small_one_at_least() -> None:
    small, large = (flops_per_token(NanoNetwork(SIZES[size])) for size in ("small", "large"))

    assert large >= 3 * small
    assert usd_per_million_tokens(large) >= 3 * usd_per_million_tokens(small)


def test_training_makes_the_loss_fall_and_is_repeated_by_its_seed() -> None:
    once = losses(0)

    assert once == losses(0) != losses(1)
    assert once[6] < once[0]


def test_training_ends_when_its_minutes_are_over() -> None:
    assert quick(steps=1000, minutes=0.0001).origin.steps == 1


async def test_a_model_is_read_from_its_folder_and_answers(tmp_path: Path) -> None:
    quick().save(tmp_path)
    model = build_model("tiny", NanoConfig(path=tmp_path, device="cpu"), {})

    done = await model.complete((Message("user", "What is 1 + 2?"),), 8, 0.0, 20)
    await model.aclose()

    assert done.usage.input_tokens == len("What is 1 + 2?") + 1
    assert 1 <= done.usage.output_tokens <= 8
    assert load_nano(tmp_path)[1].size == "small"


async def test_a_folder_without_a_model_says_how_to_make_one(tmp_path: Path) -> None:
    model = build_model("tiny", NanoConfig(path=tmp_path), {})

    with pytest.raises(AgentUnavailable, match="stigmergy train nano"):
        await model.complete((Message("user", "x"),), 8, 0.0, 20)


def test_damaged_weights_are_refused(tmp_path: Path) -> None:
    quick(steps=1).save(tmp_path)
    (tmp_path / "weights.safetensors").write_bytes(b"nothing")

    with pytest.raises(InvalidArtifact, match="cannot be used"):
        load_nano(tmp_path)
