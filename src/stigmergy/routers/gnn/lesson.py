"""Queries of a log that a network learns from, with what is sent to them, each without its own edges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from stigmergy.routers.gnn.log import Log
from stigmergy.routers.gnn.memory import Memory
from stigmergy.routers.gnn.messages import Asked, Messages, rows_of, send
from stigmergy.routers.gnn.network import GraphNetwork, Heads

_ROWS: Final = 512


@dataclass(frozen=True, slots=True)
class Truth:
    """What agents did on B queries, each of shape (B, A); ``known`` is 1 where they were asked."""

    quality: Tensor
    cost: Tensor
    known: Tensor


class Lesson:
    """Messages are sent once: there is nothing to learn in them.

    Args:
        log: all of it sends messages.
        memory: of the log.
        rows: which queries of the log are in the lesson; methods take places among them.
    """

    def __init__(self, log: Log, memory: Memory, rows: Tensor) -> None:
        self.log = log
        self.memory = memory
        self._rows = rows
        parts = [rows_of(log, part) for part in torch.split(rows, _ROWS)]
        sent = [send(log, memory, part) for part in parts]
        self._near, self._likeness = (torch.cat([getattr(p, name) for p in parts]) for name in ("near", "likeness"))
        self._channels, self._contexts = (torch.cat([getattr(s, n) for s in sent]) for n in ("channels", "contexts"))

    def heads(self, network: GraphNetwork, places: Tensor) -> Heads:
        """What the network says of some of the queries."""
        found: Heads = network(self.log, self.memory, *self._to(places))
        return found

    def messages(self, network: GraphNetwork, places: Tensor) -> Tensor:
        """What reaches some of the queries, shape (B, A, messages, 2)."""
        return network.messages(self.log, self.memory, *self._to(places))

    def truth(self, places: Tensor) -> Truth:
        """What agents did on some of the queries."""
        rows = self._rows[places]
        return Truth(self.log.quality[rows], self.log.cost[rows], self.log.ran[rows])

    def surplus(self, places: Tensor) -> Tensor:
        """That of ``Memory``, of some of the queries."""
        return self.memory.surplus[self._rows[places]]

    def _to(self, places: Tensor) -> tuple[Asked, Messages]:
        rows = self._rows[places]
        asked = Asked(self.log.vectors[rows], self._near[places], self._likeness[places], rows)
        return asked, Messages(self._channels[places], self._contexts[places])
