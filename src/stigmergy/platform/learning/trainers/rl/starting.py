"""A policy that plans before it has learnt anything: by prospects less a price, as a network that can learn on."""

from __future__ import annotations

from typing import Final

import numpy as np

from stigmergy.routers.learned_policy.network import Layer, PolicyNetwork
from stigmergy.routers.observation import ObservationSpec
from stigmergy.routers.prospects import REACH

SHARPNESS: Final = 60.0
"""Logits per expected success: two actions that are .05 apart are drawn 20 : 1."""
_UNITS: Final = 2


def units_needed(spec: ObservationSpec) -> int:
    """Units of the hidden layer that planning takes; what is above is there to learn with."""
    return _UNITS * len(spec.actions)


def planning(spec: ObservationSpec, price: float, blank: PolicyNetwork) -> PolicyNetwork:
    """The network whose logits are ``60 (.25 x prospect - price x level of the route's worst case)`` per action.

    Prospects are at most 0 and levels of feasible routes at least 0, so one unit with ReLU holds each of them exactly.
    The other units keep their first weights and begin with no say.

    Args:
        spec: of observations whose features are prospects.
        price: success that the span from the cheapest to the dearest route is worth.
        blank: of one hidden layer, with at least ``units_needed``.
    """
    first, last = blank.layers
    actions, blocks = len(spec.actions), spec.blocks
    inputs, inner = first.weight.copy(), first.bias.copy()
    inputs[:, : units_needed(spec)], inner[: units_needed(spec)] = 0.0, 0.0
    outputs = np.zeros_like(last.weight)
    every = np.arange(actions)
    inputs[blocks["features"].start + every, every] = -1.0
    inputs[blocks["route_price"].start + every, actions + every] = 1.0
    outputs[every, every] = -SHARPNESS * REACH
    outputs[actions + every, every] = -SHARPNESS * price
    return PolicyNetwork((Layer(inputs, inner), Layer(outputs, np.zeros_like(last.bias))))
