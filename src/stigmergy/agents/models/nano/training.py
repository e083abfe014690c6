"""Nano models from endless lessons: the answers are learnt, the questions only read."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from stigmergy.agents.models.nano.characters import ANSWER, END, PAD, encode
from stigmergy.agents.models.nano.lessons import TIERS, Lesson, draw_lesson
from stigmergy.agents.models.nano.network import NanoNetwork, NanoShape, SizeName

_IGNORED = -100


@dataclass(frozen=True, slots=True, kw_only=True)
class NanoTraining:
    """How a model is trained. The rate climbs over ``warm_up`` steps and falls along a cosine to a twentieth."""

    steps: int
    rate: float
    batch: int = 64
    warm_up: int = 100
    seed: int = 0


TRAININGS: Final[dict[SizeName, NanoTraining]] = {
    "small": NanoTraining(steps=3_000, rate=6e-3),
    "large": NanoTraining(steps=2_000, rate=4e-3),
}
"""Minutes on two processor cores; what more steps would add falls off."""


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
    optimiser = torch.optim.AdamW(network.parameters(), lr=training.rate, betas=(0.9, 0.98), weight_decay=0.01)
    for step in range(training.steps):
        for group in optimiser.param_groups:
            group["lr"] = training.rate * _share_of_rate(step, training, spent())
        # One tier at a time: texts of one length waste no padding.
        tier = TIERS[step % len(TIERS)]
        loss = _loss(network, [draw_lesson(rng, tier) for _ in range(training.batch)], device)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        yield loss.item()


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
