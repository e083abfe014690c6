"""Mixing weights in closed form: where training starts from."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from stigmergy.routers.gnn.lesson import Lesson
from stigmergy.routers.gnn.network import GraphNetwork

_PENALTY: Final = 0.3
_ROWS: Final = 512


@torch.inference_mode()
def stack_messages(network: GraphNetwork, lesson: Lesson, places: Tensor) -> None:
    """Set ``network.mix`` to least squares on left-one-out messages, shrunk towards what it was (Wolpert, 1992).

    Errors are differences between agents; those of cost in USD, since a dear agent's cost moves more choices.
    """
    memory = lesson.memory
    scales = torch.stack((torch.ones_like(memory.prices), memory.prices / memory.prices.mean().clamp_min(1e-12)), dim=1)
    squares = torch.zeros(2, len(network.mix), len(network.mix), dtype=torch.float64)
    products = torch.zeros(2, len(network.mix), dtype=torch.float64)
    for part in torch.split(places, _ROWS):
        messages, known = lesson.messages(network, part) * scales[:, None], lesson.truth(part).known
        for head in range(2):
            found = _centred(messages[..., head], known).flatten(0, 1).double()
            truth = _centred((lesson.surplus(part) * scales)[..., head, None], known).flatten().double()
            squares[head] += found.T @ found
            products[head] += found.T @ truth
    start = network.mix.double()
    for head in range(2):
        penalty = (_PENALTY * squares[head].diagonal().mean() + 1e-9) * torch.eye(len(start), dtype=torch.float64)
        solved = torch.linalg.solve(squares[head] + penalty, products[head] + penalty @ start[:, head])
        network.mix[:, head] = solved.float()


def _centred(values: Tensor, known: Tensor) -> Tensor:
    """(B, A, n) less the mean over known agents; 0 where not known."""
    known = known[..., None]
    values = values * known
    return (values - values.sum(dim=1, keepdim=True) / known.sum(dim=1, keepdim=True).clamp_min(1.0)) * known
