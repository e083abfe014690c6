"""One policy in training: rows in, a network out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from ray.rllib.core import DEFAULT_MODULE_ID
from ray.rllib.core.columns import Columns
from ray.rllib.core.learner.learner_group import LearnerGroup
from ray.rllib.policy.sample_batch import MultiAgentBatch, SampleBatch
from ray.rllib.utils.metrics import NUM_ENV_STEPS_SAMPLED_LIFETIME

from stigmergy.platform.learning.trainers.rl.modules import NET
from stigmergy.routers.learned_policy.network import PolicyNetwork, network_of

Batch: TypeAlias = Mapping[str, NDArray[Any]]
"""Columns of one length, named as RLlib does."""
_TOLD: Final = ("total_loss", "policy_loss", "vf_loss", "entropy", "qf_loss", "qf_mean", "td_error_mean")


class PolicyLearner:
    """A group of RLlib learners of one policy; batches are NumPy and go to it as they are.

    Nothing of RLlib's data pipeline, its connectors and its episodes is between the rows and the loss: this is what
    makes it fast (METHODS M9).
    """

    def __init__(self, group: LearnerGroup) -> None:
        self._group = group
        self._updates = 0

    def update(self, batch: Batch, minibatch: int) -> dict[str, float]:
        """One pass over the rows in their order, a gradient step per minibatch; returns the figures of the last one."""
        count = len(batch[Columns.OBS])
        self._updates += 1
        (told,) = self._group.update(
            batch=MultiAgentBatch({DEFAULT_MODULE_ID: SampleBatch(dict(batch))}, env_steps=count),
            minibatch_size=min(minibatch, count),
            num_epochs=1,
            timesteps={NUM_ENV_STEPS_SAMPLED_LIFETIME: self._updates},
        )[:1]
        figures = told.get(DEFAULT_MODULE_ID, {})
        return {name: _plain(figures[name]) for name in _TOLD if name in figures}

    def network(self) -> PolicyNetwork:
        """The network as it is now."""
        weights = self._weights()
        places = sorted({int(name.split(".")[1]) for name in weights if name.startswith(f"{NET}.")})
        return network_of(
            [np.ascontiguousarray(weights[f"{NET}.{place}.weight"].T) for place in places],
            [np.array(weights[f"{NET}.{place}.bias"]) for place in places],
        )

    def start_from(self, other: PolicyLearner) -> None:
        """Take over the weights of another policy of the same shape."""
        weights = other._group.get_state(components="learner/rl_module")
        self._group.set_state(weights)

    def start_at(self, network: PolicyNetwork) -> None:
        """Take over the weights of a network of the same shape."""
        weights = dict(self._weights())
        places = sorted({int(name.split(".")[1]) for name in weights if name.startswith(f"{NET}.")})
        for place, layer in zip(places, network.layers, strict=True):
            weights[f"{NET}.{place}.weight"] = np.ascontiguousarray(layer.weight.T)
            weights[f"{NET}.{place}.bias"] = layer.bias
        self._group.set_weights({DEFAULT_MODULE_ID: weights})

    def state(self) -> dict[str, Any]:
        """Everything that the next update depends on."""
        return {"updates": self._updates, "group": self._group.get_state()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a state."""
        self._updates = state["updates"]
        self._group.set_state(state["group"])

    def close(self) -> None:
        """End the processes of the group."""
        self._group.shutdown()

    def _weights(self) -> Mapping[str, NDArray[Any]]:
        found: Mapping[str, NDArray[Any]] = self._group.get_weights()[DEFAULT_MODULE_ID]
        return found


def _plain(figure: Any) -> float:
    """The value of what RLlib logs: a number, or a statistic that is to be read."""
    return float(figure.peek() if hasattr(figure, "peek") else figure)
