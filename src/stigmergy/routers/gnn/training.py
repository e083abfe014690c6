"""Training by masking: every query is predicted without its own edges, and some agents with a handful of theirs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import torch
from torch import Generator, Tensor, nn

from stigmergy.routers.gnn.log import Log
from stigmergy.routers.gnn.losses import contrast_loss, cost_weighted, soft_label_loss, spread_loss
from stigmergy.routers.gnn.memory import Memory, remember
from stigmergy.routers.gnn.messages import rows_of
from stigmergy.routers.gnn.network import GraphNetwork, Heads
from stigmergy.routers.gnn.stacking import stack_messages

_BATCH: Final = 256
_VALIDATION: Final = 0.15
_MOST_PROBES: Final = 40.0
_SOFT_LABELS: Final = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class GnnTraining:
    """How a network is trained.

    Attributes:
        epochs: passes over the queries; the best of them on the held-out seventh is kept, the start included.
        rate: learning rate.
        cold_batches: share of batches in which agents are made to look new.
        cold_agents: share of agents that look new in such a batch.
        seed: of everything drawn.
    """

    epochs: int = 6
    rate: float = 1e-3
    cold_batches: float = 0.3
    cold_agents: float = 0.3
    seed: int = 0


def train_network(log: Log, settings: GnnTraining) -> GraphNetwork:
    """Train on a log; the same log and settings give the same weights.

    Mixing weights start from a closed form (``stacking``), so that training begins at a blend of nearest neighbours,
    regression and task means. The loss: squared error of differences between agents, KL divergence from soft labels
    over good agents at random trade-offs, and likelihood of the spread.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        network = GraphNetwork(log.vectors.shape[1])
    generator = Generator().manual_seed(settings.seed)
    order = torch.randperm(len(log.vectors), generator=generator)
    held_out, learning = torch.tensor_split(order, [max(1, int(_VALIDATION * len(order)))])
    learning = learning if len(learning) else held_out
    memory = remember(log, log.ran)
    stack_messages(network, log, memory, learning)
    best, least = _copied(network), _error(network, log, memory, held_out)
    optimiser = torch.optim.AdamW(network.parameters(), lr=settings.rate, weight_decay=1e-3)
    for _ in range(settings.epochs):
        for rows in torch.split(learning[torch.randperm(len(learning), generator=generator)], _BATCH):
            _step(network, optimiser, log, _visible(log, settings, generator), rows, generator)
        error = _error(network, log, memory, held_out)
        if error < least:
            best, least = _copied(network), error
    network.load_state_dict(best)
    _calibrate(network, log, memory, held_out)
    return network.eval()


def _visible(log: Log, settings: GnnTraining, generator: Generator) -> Tensor:
    """Which edges are seen in one step, shape (L, A): of agents that look new, up to 40 on average."""
    count, agents = log.ran.shape
    if torch.rand((), generator=generator) >= settings.cold_batches:
        return log.ran
    cold = torch.rand(agents, generator=generator) < settings.cold_agents
    if cold.all() or not cold.any():
        return log.ran
    share = torch.rand(agents, generator=generator) * _MOST_PROBES / count
    probed = torch.rand(count, agents, generator=generator) < share
    return torch.where(cold & ~probed, 0.0, log.ran)


def _step(
    network: GraphNetwork, optimiser: torch.optim.Optimizer, log: Log, ran: Tensor, rows: Tensor, generator: Generator
) -> None:
    memory = remember(log, ran)
    heads = network(log, memory, rows_of(log, rows))
    # Of an agent that looks new the probes are no targets: its mean was made of them.
    new = ran.sum(dim=0) < log.ran.sum(dim=0)
    known = log.ran[rows] * torch.where(new, 1.0 - ran[rows], 1.0)
    worth, label = cost_weighted(heads, log.quality[rows], log.cost[rows], generator)
    loss = (
        contrast_loss(heads.quality - log.quality[rows], known)
        + _SOFT_LABELS * soft_label_loss(worth, label, known)
        + 0.1 * spread_loss(heads, log.quality[rows], known)
    )
    optimiser.zero_grad()
    torch.autograd.backward(loss)
    nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimiser.step()


@torch.inference_mode()
def _error(network: GraphNetwork, log: Log, memory: Memory, rows: Tensor) -> float:
    parts = [
        contrast_loss(heads.quality - log.quality[part], log.ran[part]).item() * len(part)
        for part, heads in _heads(network, log, memory, rows)
    ]
    return sum(parts) / len(rows)


@torch.inference_mode()
def _calibrate(network: GraphNetwork, log: Log, memory: Memory, rows: Tensor) -> None:
    """Scale the variance so that on queries held out the mean of ``(quality - predicted)^2 / variance`` is 1."""
    sums = torch.zeros(2)
    for part, heads in _heads(network, log, memory, rows):
        squares = (heads.quality - log.quality[part]).square() / heads.log_variance.exp() * log.ran[part]
        sums += torch.stack((squares.sum(), log.ran[part].sum()))
    network.calibration.copy_(torch.log((sums[0] / sums[1].clamp_min(1.0)).clamp_min(1e-6)))


def _heads(network: GraphNetwork, log: Log, memory: Memory, rows: Tensor) -> Iterator[tuple[Tensor, Heads]]:
    for part in torch.split(rows, 2 * _BATCH):
        yield part, network(log, memory, rows_of(log, part))


def _copied(network: GraphNetwork) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in network.state_dict().items()}
