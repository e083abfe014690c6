"""What all queries of a log tell their agents: the messages that do not depend on the query asked now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from stigmergy.routers.gnn.log import Log

PENALTIES: Final = (3.0, 20.0, 120.0)
_PRIOR_STRENGTH: Final = 4.0
_CONTROL: Final = 0.8
_RELIABLE: Final = 100.0
_KINSHIP_PRIOR: Final = 2.0
_TINY: Final = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Of A agents on L queries; the last axis of length 2 is (quality, relative cost).

    Attributes:
        counts: outcomes seen, shape (A,).
        means: quality, shape (A,), corrected for how hard the queries were that the agent happened to get.
        prices: USD on a query of usual size, shape (A,), corrected likewise.
        ran: which edges are seen, shape (L, A).
        surplus: ``(quality - mean, cost / price - 1)``, 0 where not seen, shape (L, A, 2).
        shrinkage: ``1 / (spectrum x share of queries seen + penalty)``, shape (d, A, penalties).
        slopes: ridge regressions of the surplus on queries' scores, shape (d, A, penalties, 2).
        task_sums: surplus by task type, shape (T, A, 2); ``task_counts``, shape (T, A): of how many.
        kinship: how far two agents are good at the same queries, in [-1, 1], shape (A, A).
        resemblance: cosine of descriptions, shape (A, A).
    """

    counts: Tensor
    means: Tensor
    prices: Tensor
    ran: Tensor
    surplus: Tensor
    shrinkage: Tensor
    slopes: Tensor
    task_sums: Tensor
    task_counts: Tensor
    kinship: Tensor
    resemblance: Tensor


def remember(log: Log, ran: Tensor) -> Memory:
    """Gather the messages over the edges that ``ran``, shape (L, A), leaves visible."""
    counts = ran.sum(dim=0)
    resemblance = log.descriptions @ log.descriptions.T
    means, prices = _levels(log, ran, resemblance)
    surplus = torch.stack((log.quality - means, log.cost / prices.clamp_min(_TINY) - 1.0), dim=-1) * ran[..., None]
    share = (counts / len(ran)).clamp_min(_TINY)
    shrinkage = 1.0 / (log.spectrum[:, None, None] * share[:, None] + torch.tensor(PENALTIES))
    products = torch.einsum("ld,lac->dac", log.scores, surplus)
    member = one_hot(log.tasks, log.task_count).float()
    return Memory(
        counts=counts,
        means=means,
        prices=prices,
        ran=ran,
        surplus=surplus,
        shrinkage=shrinkage,
        slopes=products[:, :, None] * shrinkage[..., None],
        task_sums=torch.einsum("lt,lac->tac", member, surplus),
        task_counts=member.T @ ran,
        kinship=_kinship(surplus[..., 0], ran),
        resemblance=resemblance,
    )


def reliance(counts: Tensor) -> Tensor:
    """How far an agent's own outcomes can be relied on, in [0, 1)."""
    return counts / (counts + _RELIABLE)


def _levels(log: Log, ran: Tensor, resemblance: Tensor) -> tuple[Tensor, Tensor]:
    """Mean quality and price of every agent, net of how hard and how long its queries were; both (A,).

    Twenty probes give a mean an error of .1. Much of it is the luck of which queries they were, and that is known from
    what others did on the same ones: ``mean_a = (sum_n (y_na - .8 level_n) + 4 prior_a) / (n_a + 4)``, level_n = mean
    surplus of well-known agents on n (a control variate), prior_a = mean of the others by resemblance.
    """
    counts = ran.sum(dim=0)
    raw, raw_price = ((values * ran).sum(dim=0) / counts.clamp_min(1.0) for values in (log.quality, log.cost))
    others = torch.exp(4.0 * resemblance) * (1.0 - torch.eye(len(counts))) * (reliance(counts) + 1e-6)
    likely = others / others.sum(dim=1, keepdim=True).clamp_min(_TINY)
    trusted = ran * reliance(counts)
    trust = trusted.sum(dim=1).clamp_min(_TINY)
    level = (trusted * (log.quality - raw)).sum(dim=1) / trust
    sums = ((log.quality - _CONTROL * level[:, None]) * ran).sum(dim=0)
    means = (sums + _PRIOR_STRENGTH * (likely @ raw)) / (counts + _PRIOR_STRENGTH)
    size = (trusted * (log.cost / raw_price.clamp_min(_TINY))).sum(dim=1) / trust
    paid = (log.cost * ran).sum(dim=0) / (size[:, None] * ran).sum(dim=0).clamp_min(_TINY)
    return means, torch.where(counts > 0, paid, likely @ raw_price)


def _kinship(surplus: Tensor, ran: Tensor) -> Tensor:
    """Correlation over the queries that both were asked, shrunk towards 0."""
    spread = surplus.square().T @ ran
    return (surplus.T @ surplus) / (torch.sqrt(spread * spread.T) + _KINSHIP_PRIOR)
