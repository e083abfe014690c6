"""Training by masking: every query is predicted without its own edges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Generator, Tensor, nn

from stigmergy.routers.gnn.lesson import Lesson
from stigmergy.routers.gnn.lineage import choose_spreads
from stigmergy.routers.gnn.log import Log
from stigmergy.routers.gnn.losses import contrast_loss, cost_weighted, soft_label_loss, spread_loss
from stigmergy.routers.gnn.memory import remember
from stigmergy.routers.gnn.network import GraphNetwork
from stigmergy.routers.gnn.stacking import stack_messages

_BATCH: Final = 256
_LESSON: Final = 2400
_VALIDATION: Final = 0.15
_SOFT_LABELS: Final = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class GnnTraining:
    """How a network is trained.

    Attributes:
        epochs: passes over the queries at most; the best of them on the held-out seventh is kept, the start included.
        patience: passes without a better one, after which training ends.
        rate: learning rate.
        seed: of everything drawn.
    """

    epochs: int = 4
    patience: int = 1
    rate: float = 1e-3
    seed: int = 0


def train_network(log: Log, settings: GnnTraining) -> GraphNetwork:
    """Train on a log; the same log and settings give the same weights.

    Mixing weights start from a closed form (``stacking``), so that training begins at a blend of nearest neighbours,
    regression and task means. The loss: squared error of differences between agents, KL divergence from soft labels
    over good agents at random trade-offs, and likelihood of the spread, on up to 2,400 queries drawn: what is learnt is
    whom to believe, which takes few; the messages are of all.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        network = GraphNetwork(log.vectors.shape[1])
    generator = Generator().manual_seed(settings.seed)
    rows = torch.randperm(len(log.vectors), generator=generator)[:_LESSON]
    lesson = Lesson(log, remember(log, log.ran), rows)
    held_out, learning = torch.tensor_split(torch.arange(len(rows)), [max(1, int(_VALIDATION * len(rows)))])
    learning = learning if len(learning) else held_out
    stack_messages(network, lesson, learning)
    _descend(network, lesson, learning, held_out, settings, generator)
    _calibrate(network, lesson, held_out)
    network.spreads.copy_(choose_spreads(network, lesson, learning, generator))
    return network.eval()


def _descend(
    network: GraphNetwork,
    lesson: Lesson,
    learning: Tensor,
    held_out: Tensor,
    settings: GnnTraining,
    generator: Generator,
) -> None:
    """Gradient descent; leaves the network at its best, which may be where it started."""
    best, least, worse = _copied(network), _error(network, lesson, held_out), 0
    optimiser = torch.optim.AdamW(network.parameters(), lr=settings.rate, weight_decay=1e-3)
    for _ in range(settings.epochs):
        for rows in torch.split(learning[torch.randperm(len(learning), generator=generator)], _BATCH):
            _step(network, optimiser, lesson, rows, generator)
        error = _error(network, lesson, held_out)
        if error < least:
            best, least, worse = _copied(network), error, 0
        else:
            worse += 1
        if worse == settings.patience:
            break
    network.load_state_dict(best)


def _step(
    network: GraphNetwork, optimiser: torch.optim.Optimizer, lesson: Lesson, rows: Tensor, generator: Generator
) -> None:
    heads, truth = lesson.heads(network, rows), lesson.truth(rows)
    worth, label = cost_weighted(heads, truth.quality, truth.cost, generator)
    loss = (
        contrast_loss(heads.quality - truth.quality, truth.known)
        + _SOFT_LABELS * soft_label_loss(worth, label, truth.known)
        + 0.1 * spread_loss(heads, truth.quality, truth.known)
    )
    optimiser.zero_grad()
    torch.autograd.backward(loss)
    nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimiser.step()


@torch.inference_mode()
def _error(network: GraphNetwork, lesson: Lesson, rows: Tensor) -> float:
    total = 0.0
    for part in torch.split(rows, 2 * _BATCH):
        truth = lesson.truth(part)
        total += contrast_loss(lesson.heads(network, part).quality - truth.quality, truth.known).item() * len(part)
    return total / len(rows)


@torch.inference_mode()
def _calibrate(network: GraphNetwork, lesson: Lesson, rows: Tensor) -> None:
    """Scale the variance so that on queries held out the mean of ``(quality - predicted)^2 / variance`` is 1."""
    sums = torch.zeros(2)
    for part in torch.split(rows, 2 * _BATCH):
        heads, truth = lesson.heads(network, part), lesson.truth(part)
        squares = (heads.quality - truth.quality).square() / heads.log_variance.exp() * truth.known
        sums += torch.stack((squares.sum(), truth.known.sum()))
    network.calibration.copy_(torch.log((sums[0] / sums[1].clamp_min(1.0)).clamp_min(1e-6)))


def _copied(network: GraphNetwork) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in network.state_dict().items()}
