"""What a network is trained by."""

from __future__ import annotations

from typing import Final

import torch
from torch import Generator, Tensor

from stigmergy.routers.gnn.network import Heads

_TEMPERATURE: Final = 0.2
_NOT_KNOWN: Final = -1e9


def contrast_loss(errors: Tensor, known: Tensor) -> Tensor:
    """Mean squared error of a (B, A) matrix after each row's mean: only differences between agents decide."""
    errors = errors * known
    centred = (errors - errors.sum(dim=1, keepdim=True) / known.sum(dim=1, keepdim=True).clamp_min(1.0)) * known
    return centred.square().sum() / known.sum().clamp_min(1.0)


def cost_weighted(heads: Heads, quality: Tensor, cost: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
    """``quality - lambda cost`` as predicted and as it was, each (B, A); lambda is drawn anew for every query.

    It is log-uniform: the dearest agent's mean cost weighs from .001 to 1 of the scale of quality.
    """
    scale = cost.mean(dim=0).max().clamp_min(1e-12)
    price = 10.0 ** (3.0 * torch.rand(len(quality), 1, generator=generator) - 3.0) / scale
    return heads.quality - price * heads.cost.detach(), quality - price * cost


def soft_label_loss(worth: Tensor, label: Tensor, known: Tensor) -> Tensor:
    """KL divergence from ``softmax(label / .2)``, the distribution of good agents, to ``softmax(worth / .2)``."""
    missing = _NOT_KNOWN * (1.0 - known)
    wanted = torch.log_softmax(label / _TEMPERATURE + missing, dim=1)
    found = torch.log_softmax(worth / _TEMPERATURE + missing, dim=1)
    return (wanted.exp() * (wanted - found) * known).sum(dim=1).mean()


def spread_loss(heads: Heads, quality: Tensor, known: Tensor) -> Tensor:
    """Negative log likelihood of a normal spread round the predicted quality, which itself learns nothing from it."""
    squares = (heads.quality.detach() - quality).square()
    return 0.5 * ((squares / heads.log_variance.exp() + heads.log_variance) * known).sum() / known.sum().clamp_min(1.0)
