"""The network of a trained policy as arrays: observations in, one number per action out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from stigmergy.routers.observation import Floats, Truths

FORBIDDEN: Final = -1e4
"""The output of an action that the mask forbids: finite, so that no loss or gradient becomes infinite by it."""


@dataclass(frozen=True, slots=True)
class Layer:
    """``x W + b`` with W of shape (in, out) and b of shape (out,)."""

    weight: Floats
    bias: Floats


@dataclass(frozen=True, slots=True)
class PolicyNetwork:
    """Linear layers with ReLU between them; at least one."""

    layers: tuple[Layer, ...]

    def outputs(self, observation: Floats, mask: slice) -> Floats:
        """Logits or values, shape (B, A); ``FORBIDDEN`` where the mask in the observation (B, D) is not set."""
        *inner, last = self.layers
        seen = observation
        for layer in inner:
            seen = np.maximum(seen @ layer.weight + layer.bias, np.float32(0.0))
        made = seen @ last.weight + last.bias
        return np.asarray(np.where(observation[:, mask] > 0.0, made, np.float32(FORBIDDEN)), dtype=np.float32)

    def fits(self, inputs: int, outputs: int) -> bool:
        """Whether the layers fit each other, take ``inputs`` numbers and give ``outputs``."""
        sizes = [inputs, *(layer.weight.shape[-1] for layer in self.layers)]
        fitting = (
            layer.weight.shape == (size, len(layer.bias)) for size, layer in zip(sizes, self.layers, strict=False)
        )
        return bool(self.layers) and all(fitting) and sizes[-1] == outputs


def log_shares(logits: Floats, feasible: Truths) -> Floats:
    """Log-probabilities of a softmax among what is feasible, shape (B, A); 0 where nothing is."""
    shown = np.where(feasible, logits, np.float32(FORBIDDEN))
    shifted = shown - shown.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)), dtype=np.float32)


def network_of(weights: Sequence[Floats], biases: Sequence[Floats]) -> PolicyNetwork:
    """A network of weights (in, out) and biases (out,), first to last."""
    return PolicyNetwork(tuple(Layer(weight, bias) for weight, bias in zip(weights, biases, strict=True)))
