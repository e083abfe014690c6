"""Which known agents a new one takes after: all that a handful of probes can tell.

Twenty outcomes place no agent among hundreds of kinds of queries. They do tell which of the agents that are known well
it resembles, and what those do on a query is known. For a new agent a and the experienced ones b::

    quality_a(q) = mean_a + sum_b w_ab (quality_b(q) - mean_b)

mean_a and w_a are the posterior of a Bayesian regression of a's outcomes on what the experienced did on the *same*
queries, so that luck with the probes is taken out of the mean as well. Prior: mean_a ~ N(their mean, s_1^2); w_a =
level / B + own leanings, with level ~ N(.9, s_2^2) and leanings ~ N(0, s_3^2) (random coefficients; Swamy, 1970). The
three spreads are those with which experienced agents, left out and probed in turn, are predicted best.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Final

import torch
from torch import Generator, Tensor

from stigmergy.routers.gnn.lesson import Lesson
from stigmergy.routers.gnn.memory import Memory
from stigmergy.routers.gnn.network import GraphNetwork, Heads

_GRID: Final = tuple(product((0.05, 0.1, 0.2), (0.1, 0.3, 0.6), (0.05, 0.1, 0.2, 0.4, 0.8)))
_LEVEL: Final = 0.9
_GROWN: Final = 300.0
"""With so many outcomes an agent stands on its own."""
_EXPERIENCED: Final = 0.5
_FEWEST: Final = 2
_PROBES: Final = 20
_DRAWS: Final = 6
_TINY: Final = 1e-12


@dataclass(frozen=True, slots=True)
class Lineage:
    """Of A agents.

    Attributes:
        own: how far each stands on its own, in [0, 1], shape (A,).
        means: quality, shape (A,).
        weights: how far each follows the others, shape (A, A); 0 but for new agents after experienced ones.
    """

    own: Tensor
    means: Tensor
    weights: Tensor


def trace_lineage(memory: Memory, quality: Tensor, spreads: Tensor) -> Lineage | None:
    """The lineage of the agents that are new; None: nobody is, or nobody to take after.

    ``own_a = min(1, outcomes of a / min(300, the most that any agent has))``; from .5 on an agent is experienced.

    Args:
        memory: what was seen.
        quality: of outcomes, shape (L, A).
        spreads: s_1, s_2, s_3.
    """
    own = (memory.counts / memory.counts.max().clamp(1.0, _GROWN)).clamp_max(1.0)
    elders = torch.nonzero(own >= _EXPERIENCED)[:, 0]
    new = torch.nonzero(own < _EXPERIENCED)[:, 0]
    if len(elders) < _FEWEST or not len(new):
        return None
    own = torch.where(own >= _EXPERIENCED, 1.0, own)
    means, weights = memory.means.clone(), torch.zeros(len(own), len(own))
    noise = _noise(memory.surplus[:, elders, 0])
    start, precision = _prior(spreads[None], memory.means[elders].mean(), len(elders))
    for agent in new:
        rows = torch.nonzero(memory.ran[:, agent])[:, 0]
        found = _posterior(memory.surplus[rows][:, elders, 0], quality[rows, agent], start, precision, noise)[0].float()
        means[agent], weights[agent, elders] = found[0], found[1:]
    return Lineage(own, means, weights)


def lend(lineage: Lineage, memory: Memory, heads: Heads) -> Heads:
    """Estimates in which new agents follow those whom they take after; their costs, all experienced alike."""
    elders = lineage.own >= 1.0
    followed = lineage.means + (heads.quality - memory.means) @ lineage.weights.T
    size = (heads.cost / memory.prices.clamp_min(_TINY))[:, elders].mean(dim=1, keepdim=True)
    quality = lineage.own * heads.quality + (1.0 - lineage.own) * followed
    cost = lineage.own * heads.cost + (1.0 - lineage.own) * memory.prices * size
    return Heads(quality, cost, heads.log_variance)


@torch.inference_mode()
def choose_spreads(network: GraphNetwork, lesson: Lesson, places: Tensor, generator: Generator) -> Tensor:
    """The spreads of least contrast error, every agent left out in turn and probed anew six times."""
    found, truth = lesson.heads(network, places).quality, lesson.truth(places)
    means, agents = lesson.memory.means, truth.quality.shape[1]
    spreads, errors = torch.tensor(_GRID), torch.zeros(len(_GRID), dtype=torch.float64)
    for agent in range(agents if agents > _FEWEST else 0):
        others = torch.arange(agents) != agent
        surplus, expected = lesson.surplus(places)[:, others, 0], found[:, others] - means[others]
        start, precision = _prior(spreads, means[others].mean(), agents - 1)
        missed = ((found - truth.quality) * truth.known)[:, others].mean(dim=1)
        there = torch.nonzero(truth.known[:, agent])[:, 0]
        for _ in range(_DRAWS):
            probes = there[torch.randperm(len(there), generator=generator)[:_PROBES]]
            solved = _posterior(surplus[probes], truth.quality[probes, agent], start, precision, _noise(surplus))
            off = solved[:, :1] + solved[:, 1:] @ expected.double().T - truth.quality[:, agent] - missed
            errors += off[:, there].square().mean(dim=1)
    return spreads[errors.argmin()]


def _prior(spreads: Tensor, mean: Tensor, others: int) -> tuple[Tensor, Tensor]:
    """Mean, shape (1 + B,), and precision under each of G spreads, shape (G, 1 + B, 1 + B)."""
    of_mean, of_level, of_leaning = (1.0 / spreads.double().square().T)[:, :, None, None]
    together = torch.full((others, others), 1.0 / others, dtype=torch.float64)
    precision = torch.zeros(len(spreads), 1 + others, 1 + others, dtype=torch.float64)
    precision[:, :1, :1] = of_mean
    precision[:, 1:, 1:] = others * of_level * together + of_leaning * (torch.eye(others) - together)
    return torch.cat((mean.double()[None], torch.full((others,), _LEVEL / others, dtype=torch.float64))), precision


def _posterior(surplus: Tensor, quality: Tensor, start: Tensor, precision: Tensor, noise: float) -> Tensor:
    """Mean and weights under each prior, shape (G, 1 + B), from n probes: (n, B) and (n,)."""
    known = torch.cat((torch.ones(len(surplus), 1), surplus), dim=1).double()
    told = known.T @ quality.double() / noise
    solved: Tensor = torch.linalg.solve(known.T @ known / noise + precision, told + precision @ start)
    return solved


def _noise(surplus: Tensor) -> float:
    """What is left of an outcome's variance once the others' level is known; much of the rest is leanings."""
    others = (surplus.sum(dim=1, keepdim=True) - surplus) / (surplus.shape[1] - 1)
    return 0.7 * float((surplus - others).square().mean()) + 0.01
