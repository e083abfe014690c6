"""The messages that reach pairs of a query and an agent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from stigmergy.routers.gnn.log import Log
from stigmergy.routers.gnn.memory import PENALTIES, Memory

SIZES: Final = (5, 10, 20, 40, 80, 160)
"""Of neighbourhoods; a query is given this many neighbours at most."""
_STRENGTHS: Final = (4.0, 4.0, 8.0, 8.0, 8.0, 8.0)
FORTY: Final = SIZES.index(40)
FIRST_RIDGE: Final = len(SIZES)
CHANNELS: Final = len(SIZES) + len(PENALTIES) + 1
"""Neighbourhoods, regressions, task types. The network adds a learnt neighbourhood and what kin lend."""
CONTEXTS: Final = 5
_TASK_PRIOR: Final = 10.0
_TASK_NEIGHBOURS: Final = 40
_TASK_SHARPNESS: Final = 10.0
_MOST_LEVERAGE: Final = 0.95


@dataclass(frozen=True, slots=True)
class Asked:
    """B queries: vectors (B, d), neighbours in the log and their cosines (B, K), most similar first.

    ``own``, shape (B,), are their rows where they are of the log themselves: their own edges are then left out of
    every message, exactly, as if the log did not hold them. None: they are new.
    """

    vectors: Tensor
    near: Tensor
    likeness: Tensor
    own: Tensor | None = None


@dataclass(frozen=True, slots=True)
class Messages:
    """``channels``, shape (B, CHANNELS, A, 2), are estimates of the surplus; ``contexts``, shape (B, A, CONTEXTS)."""

    channels: Tensor
    contexts: Tensor


def ask(log: Log, vectors: Tensor) -> Asked:
    """New queries, shape (B, d), with their neighbours."""
    likeness = vectors @ log.columns
    found = torch.topk(likeness, min(SIZES[-1], len(log.vectors)), dim=1)
    return Asked(vectors, found.indices, found.values)


def rows_of(log: Log, rows: Tensor) -> Asked:
    """Queries of the log itself, without their own edges; one that is alone has itself for a neighbour, unlike it."""
    vectors = log.vectors[rows]
    likeness = vectors @ log.columns
    likeness[torch.arange(len(rows)), rows] = -1.0
    found = torch.topk(likeness, max(1, min(SIZES[-1], len(log.vectors) - 1)), dim=1)
    return Asked(vectors, found.indices, found.values, rows)


def send(log: Log, memory: Memory, asked: Asked) -> Messages:
    """All messages that have nothing to learn."""
    near, evidence = _neighbourhoods(memory, asked)
    channels = torch.cat((near, _regressions(log, memory, asked), _task_types(log, memory, asked)[:, None]), dim=1)
    return Messages(channels, _contexts(memory, asked, evidence))


def _neighbourhoods(memory: Memory, asked: Asked) -> tuple[Tensor, Tensor]:
    """``sum_n w_n surplus_n / (sum_n w_n + s)`` over the nearest 5 ... 160, w = max(0, cosine); and ``sum_n w_n``."""
    weight = asked.likeness.clamp_min(0.0)[..., None]
    last = [min(size, asked.near.shape[1]) - 1 for size in SIZES]
    sums = torch.cumsum(weight[..., None] * memory.surplus[asked.near], dim=1)[:, last]
    weights = torch.cumsum(weight * memory.ran[asked.near], dim=1)[:, last]
    return sums / (weights + torch.tensor(_STRENGTHS)[:, None])[..., None], weights


def _regressions(log: Log, memory: Memory, asked: Asked) -> Tensor:
    """Ridge under each penalty, (B, penalties, A, 2); for rows of the log left-one-out: ``(f - h y) / (1 - h)``."""
    scores = (asked.vectors - log.centre) @ log.basis
    found = torch.einsum("bd,dapc->bapc", scores, memory.slopes)
    if asked.own is not None:
        leverage = torch.einsum("bd,dap->bap", scores.square(), memory.shrinkage)
        leverage = (leverage * memory.ran[asked.own][..., None]).clamp_max(_MOST_LEVERAGE)[..., None]
        found = (found - leverage * memory.surplus[asked.own][:, :, None]) / (1.0 - leverage)
    return found.transpose(1, 2)


def _task_types(log: Log, memory: Memory, asked: Asked) -> Tensor:
    """Mean surplus on the task types that the neighbours are of, (B, A, 2)."""
    near, likeness = asked.near[:, :_TASK_NEIGHBOURS], asked.likeness[:, :_TASK_NEIGHBOURS]
    closeness = torch.exp(_TASK_SHARPNESS * (likeness - likeness[:, :1]))
    belief = torch.zeros(len(near), log.task_count).scatter_add_(1, log.tasks[near], closeness)
    belief = belief / belief.sum(dim=1, keepdim=True)
    means = memory.task_sums / (memory.task_counts + _TASK_PRIOR)[..., None]
    found = torch.einsum("bt,tac->bac", belief, means)
    if asked.own is None:
        return found
    task = log.tasks[asked.own]
    left_out = memory.task_sums[task] - memory.surplus[asked.own]
    left_out = left_out / (memory.task_counts[task] - memory.ran[asked.own] + _TASK_PRIOR)[..., None]
    return found + belief.gather(1, task[:, None])[..., None] * (left_out - means[task])


def _contexts(memory: Memory, asked: Asked, evidence: Tensor) -> Tensor:
    """How much is known of the pair, and how the agent stands among the others."""
    shape = evidence.shape[0], evidence.shape[2]
    price = torch.log(memory.prices.clamp_min(1e-9))
    parts = (
        torch.log1p(memory.counts).expand(shape) / 10.0,
        torch.log1p(evidence[:, FORTY]) / 4.0,
        asked.likeness[:, :1].expand(shape),
        (memory.means - memory.means.mean()).expand(shape),
        (price - price.mean()).expand(shape) / 3.0,
    )
    return torch.stack(parts, dim=-1)
