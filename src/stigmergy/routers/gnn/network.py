"""The network: which messages to believe, for which pair."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn

from stigmergy.routers.gnn.log import Log
from stigmergy.routers.gnn.memory import Memory, reliance
from stigmergy.routers.gnn.messages import CHANNELS, CONTEXTS, FIRST_RIDGE, FORTY, Asked, Messages, send

_ALL: Final = CHANNELS + 3
_WIDTH: Final = 24
_HIDDEN: Final = 32
_LEAST_COST: Final = 0.1
"""A cost is not predicted below this share of the agent's price."""


@dataclass(frozen=True, slots=True)
class Heads:
    """For B queries and A agents, all of shape (B, A): quality, cost in USD, log variance of a quality around it."""

    quality: Tensor
    cost: Tensor
    log_variance: Tensor


class GraphNetwork(nn.Module):
    """Predicts quality and cost of every agent from the messages of the graph.

    ::

        quality = mean_a + sum_c (m_c + gate_c(messages, contexts)) message_c + shift(messages, contexts)
        cost    = price_a max(.1, 1 + sum_c m'_c message'_c)

    Nothing in it is an agent's own, so that an agent it never saw is scored like any other from its edges and its
    description. The messages: neighbourhoods, regressions and task types (``messages``); a neighbourhood with learnt
    attention ``exp(s (cosine - 1) + (W x) . (W x_n))``; and what kin lend: the estimates of agents with a like
    profile or description, ``softmax_b(k kinship_ab + k' resemblance_ab + log reliance_b)``.

    Args:
        dimensions: of a query's vector.
    """

    calibration: Tensor
    spreads: Tensor

    def __init__(self, dimensions: int) -> None:
        super().__init__()
        self.project = nn.Linear(dimensions, _WIDTH, bias=False)
        nn.init.normal_(self.project.weight, std=0.3 / _WIDTH**0.5)
        self.sharpness = nn.Parameter(torch.tensor(10.0))
        self.strength = nn.Parameter(torch.tensor(-1.3))
        self.kin = nn.Parameter(torch.tensor([4.0, 2.0]))
        start = torch.zeros(_ALL, 2)
        start[FORTY], start[FIRST_RIDGE + 1] = 0.4, 0.5
        self.mix = nn.Parameter(start)
        width = _ALL * 2 + CONTEXTS
        self.body = nn.Sequential(nn.Linear(width, _HIDDEN), nn.SiLU(), nn.Linear(_HIDDEN, _HIDDEN), nn.SiLU())
        self.gates = nn.Linear(_HIDDEN, _ALL + 1)
        nn.init.zeros_(self.gates.weight)
        nn.init.zeros_(self.gates.bias)
        self.spread = nn.Linear(_HIDDEN, 1)
        self.register_buffer("calibration", torch.zeros(()))
        self.register_buffer("spreads", torch.tensor([0.1, 0.1, 0.1]))

    def forward(self, log: Log, memory: Memory, asked: Asked, sent: Messages | None = None) -> Heads:
        """Score every agent on the queries asked; ``sent``: what the log sends them, where that is known already."""
        sent = send(log, memory, asked) if sent is None else sent
        messages = self.messages(log, memory, asked, sent)
        hidden = self.body(torch.cat((2.0 * messages.flatten(2), sent.contexts), dim=-1))
        gates = self.gates(hidden)
        quality = ((self.mix[:, 0] + gates[..., :-1]) * messages[..., 0]).sum(dim=-1) + 0.1 * gates[..., -1]
        relative = 1.0 + messages[..., 1] @ self.mix[:, 1]
        # The variance learns from what the mean does, and not the other way round.
        log_variance = self.spread(hidden.detach())[..., 0] + self.calibration
        return Heads(memory.means + quality, memory.prices * relative.clamp_min(_LEAST_COST), log_variance)

    def messages(self, log: Log, memory: Memory, asked: Asked, sent: Messages) -> Tensor:
        """All messages, shape (B, A, messages, 2)."""
        found = torch.cat((sent.channels, self._attended(log, memory, asked)[:, None]), dim=1)
        lent = torch.einsum("ab,bscd->ascd", self._kin(memory), found[:, [FORTY, FIRST_RIDGE + 1]].permute(2, 0, 1, 3))
        return torch.cat((found, lent.permute(1, 2, 0, 3)), dim=1).transpose(1, 2)

    def _attended(self, log: Log, memory: Memory, asked: Asked) -> Tensor:
        # For one query its neighbours are projected, for a batch the whole log: whichever is less work.
        few = asked.near.numel() < len(log.vectors)
        seen = self.project(log.vectors[asked.near]) if few else self.project(log.vectors)[asked.near]
        likeness = torch.einsum("bkd,bd->bk", seen, self.project(asked.vectors))
        weight = torch.exp(self.sharpness * (asked.likeness - 1.0) + 10.0 * likeness)[..., None]
        sums = (weight[..., None] * memory.surplus[asked.near]).sum(dim=1)
        return sums / ((weight * memory.ran[asked.near]).sum(dim=1) + self.strength.exp())[..., None]

    def _kin(self, memory: Memory) -> Tensor:
        trust = torch.log(reliance(memory.counts) + 1e-6)
        logits = self.kin[0] * memory.kinship + self.kin[1] * memory.resemblance + trust
        return torch.softmax(logits - 1e9 * torch.eye(len(trust)), dim=1)
