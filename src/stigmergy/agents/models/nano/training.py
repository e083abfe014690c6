"""Nano models from endless lessons: the answers are learnt, the questions only read."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from stigmergy.agents.models.nano.characters import ANSWER, END, PAD, encode
from stigmergy.agents.models.nano.lessons import Lesson, draw_lesson
from stigmergy.agents.models.nano.network import NanoNetwork, NanoShape, SizeName
from stigmergy.agents.workbench.task import Difficulty

_IGNORED = -100


@dataclass(frozen=True, slots=True, kw_only=True)
class NanoTraining:
    """How a model is trained: the matrices by Muon, the embedding and the norms by AdamW.

    Both rates climb over ``warm_up`` steps and fall along a cosine to a twentieth. ``shares`` are the weights by which
    the tier of every batch is drawn.
    """

    steps: int
    rate: float
    embedding_rate: float
    shares: Mapping[Difficulty, float]
    batch: int
    warm_up: int = 50
    seed: int = 0


TRAININGS: Final[dict[SizeName, NanoTraining]] = {
    "small": NanoTraining(
        steps=2_000, rate=3e-2, embedding_rate=1e-2, batch=64, shares={"easy": 2, "medium": 1, "hard": 1}
    ),
    "large": NanoTraining(
        steps=4_000, rate=1.5e-2, embedding_rate=6e-3, batch=48, shares={"easy": 1, "medium": 1, "hard": 2}
    ),
}
"""Together about seven minutes of one processor core. Each size learns most of what it is there for."""


def new_network(shape: NanoShape, training: NanoTraining, device: torch.device) -> NanoNetwork:
    """A network that has learnt nothing; the same seed gives the same weights."""
    network = NanoNetwork(shape)
    network.initialise(torch.Generator().manual_seed(training.seed))
    return network.to(device)


def train(
    network: NanoNetwork, training: NanoTraining, device: torch.device, spent: Callable[[], float]
) -> Iterator[float]:
    """Train on lessons of all tiers, step by step; gives the loss of each (nats per character of the answers).

    The rate falls with the steps that are done or with the share of the time that is ``spent``, in [0, 1], whichever is
    further: training that time cuts short has come to rest, too. Where time never leads, the same arguments give the
    same weights on the same machine.
    """
    rng = random.Random(training.seed)
    tiers, weights = list(training.shares), list(training.shares.values())
    optimisers = _optimisers(network, training)
    for step in range(training.steps):
        share = _share_of_rate(step, training, spent())
        # One tier at a time: texts of like lengths waste little padding.
        (tier,) = rng.choices(tiers, weights)
        loss = _loss(network, [draw_lesson(rng, tier) for _ in range(training.batch)], device)
        network.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        for rate, optimiser in optimisers:
            optimiser.param_groups[0]["lr"] = rate * share
            optimiser.step()
        yield loss.item()


def _optimisers(network: NanoNetwork, training: NanoTraining) -> tuple[tuple[float, torch.optim.Optimizer], ...]:
    """Each with its highest rate. Muon (Jordan, 2024) takes orthogonal steps, which is for matrices between layers."""
    matrices = [parameter for parameter in network.blocks.parameters() if parameter.dim() > 1]
    known = set(map(id, matrices))
    others = [parameter for parameter in network.parameters() if id(parameter) not in known]
    return (
        (training.rate, torch.optim.Muon(matrices, lr=training.rate, weight_decay=0.1)),
        (
            training.embedding_rate,
            torch.optim.AdamW(others, lr=training.embedding_rate, betas=(0.9, 0.98), weight_decay=0.01),
        ),
    )


def _share_of_rate(step: int, training: NanoTraining, spent: float) -> float:
    if step < training.warm_up:
        return (step + 1) / training.warm_up
    done = max((step - training.warm_up) / max(training.steps - training.warm_up, 1), min(spent, 1.0))
    return 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * done))


def _loss(network: NanoNetwork, lessons: Sequence[Lesson], device: torch.device) -> Tensor:
    tokens, targets = (part.to(device) for part in _batch(lessons))
    positions = torch.arange(tokens.shape[1], device=device).expand_as(tokens)
    scores, _ = network(tokens, positions)
    return functional.cross_entropy(scores.flatten(0, 1), targets.flatten(), ignore_index=_IGNORED)


def _batch(lessons: Sequence[Lesson]) -> tuple[Tensor, Tensor]:
    """Tokens and the tokens that follow them, both [lessons, longest]; what is not of an answer counts for nothing."""
    questions = [[*encode(lesson.task.text), ANSWER] for lesson in lessons]
    answers = [[*encode(lesson.answer), END] for lesson in lessons]
    longest = max(len(question) + len(answer) for question, answer in zip(questions, answers, strict=True)) - 1
    tokens = torch.full((len(lessons), longest), PAD)
    targets = torch.full((len(lessons), longest), _IGNORED)
    for row, (question, answer) in enumerate(zip(questions, answers, strict=True)):
        read = torch.tensor(question + answer[:-1])
        tokens[row, : len(read)] = read
        targets[row, len(question) - 1 : len(read)] = torch.tensor(answer)
    return tokens, targets
