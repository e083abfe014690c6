"""A policy that plans before it has learnt anything: it follows prospects, as a network that can learn on."""

from __future__ import annotations

from typing import Final

import numpy as np

from stigmergy.routers.learned_policy.network import Layer, PolicyNetwork
from stigmergy.routers.observation import ObservationSpec
from stigmergy.routers.prospects import REACH

SHARPNESS: Final = 60.0
"""Logits per expected success: two actions that are .05 apart are drawn 20 : 1."""


def units_needed(spec: ObservationSpec) -> int:
    """Units of the hidden layer that planning takes; what is above is there to learn with."""
    return len(spec.actions)


def planning(spec: ObservationSpec, blank: PolicyNetwork) -> PolicyNetwork:
    """The network whose logits are ``60 x .25 x prospect`` per action: greedily, the best that is foreseen.

    Prospects are at most 0, so one unit with ReLU holds each of them exactly. The other units keep their first weights
    and begin with no say.

    Args:
        spec: of observations whose features are prospects.
        blank: of one hidden layer, with at least ``units_needed``.
    """
    first, last = blank.layers
    planned, every = units_needed(spec), np.arange(len(spec.actions))
    inputs, inner = first.weight.copy(), first.bias.copy()
    inputs[:, :planned], inner[:planned] = 0.0, 0.0
    outputs = np.zeros_like(last.weight)
    inputs[spec.blocks["features"].start + every, every] = -1.0
    outputs[every, every] = -SHARPNESS * REACH
    return PolicyNetwork((Layer(inputs, inner), Layer(outputs, np.zeros_like(last.bias))))
