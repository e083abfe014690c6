"""The networks that RLlib trains. The action mask lies in the observation; what it forbids gets a finite -10,000.

Not -inf: an infinite logit makes the gradient of a loss that multiplies it with zero not a number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import torch
from ray.rllib.algorithms.dqn.dqn_learner import QF_NEXT_PREDS, QF_PREDS, QF_TARGET_NEXT_PREDS
from ray.rllib.core.columns import Columns
from ray.rllib.core.learner.utils import make_target_network
from ray.rllib.core.rl_module.apis import QNetAPI, TargetNetworkAPI, ValueFunctionAPI
from ray.rllib.core.rl_module.torch import TorchRLModule
from torch import Tensor, nn

from stigmergy.routers.learned_policy.network import FORBIDDEN

NET: Final = "net"
"""The attribute of both modules that is exported."""


class _Masked(TorchRLModule):
    """``net`` gives one number per action; ``model_config``: hidden (widths), mask (start and stop)."""

    def setup(self) -> None:
        """See ``RLModule``."""
        self.net = layers(self.observation_space.shape[0], self.model_config["hidden"], self.action_space.n)
        self._mask = slice(*self.model_config["mask"])

    def masked(self, observation: Tensor, made: Tensor) -> Tensor:
        """What was made for each action, shape (B, A), under the mask of the observation."""
        return torch.where(observation[:, self._mask] > 0.0, made, FORBIDDEN)


class MaskedPolicyModule(_Masked, ValueFunctionAPI):
    """A softmax policy and, beside it, a value function that is not exported."""

    def setup(self) -> None:
        """See ``RLModule``."""
        super().setup()
        self.critic = layers(self.observation_space.shape[0], self.model_config["hidden"], 1)

    def _forward(self, batch: Mapping[str, Any], **_: Any) -> dict[str, Tensor]:
        observation = batch[Columns.OBS]
        return {Columns.ACTION_DIST_INPUTS: self.masked(observation, self.net(observation))}

    def compute_values(self, batch: Mapping[str, Any], embeddings: Any = None) -> Tensor:  # noqa: ARG002 - of the API
        """See ``ValueFunctionAPI``."""
        values: Tensor = self.critic(batch[Columns.OBS])
        return values.squeeze(-1)


class MaskedValueModule(_Masked, QNetAPI, TargetNetworkAPI):
    """The values of actions, with a network that follows slowly as target."""

    def make_target_networks(self) -> None:
        """See ``TargetNetworkAPI``."""
        self._target = make_target_network(self.net)

    def get_target_network_pairs(self) -> list[tuple[nn.Module, nn.Module]]:
        """See ``TargetNetworkAPI``."""
        return [(self.net, self._target)]

    def forward_target(self, batch: Mapping[str, Any]) -> Tensor:
        """See ``TargetNetworkAPI``."""
        observation = batch[Columns.OBS]
        return self.masked(observation, self._target(observation))

    def compute_q_values(self, batch: Mapping[str, Any]) -> dict[str, Tensor]:
        """See ``QNetAPI``."""
        observation = batch[Columns.OBS]
        return {QF_PREDS: self.masked(observation, self.net(observation))}

    def _forward(self, batch: Mapping[str, Any], **_: Any) -> dict[str, Tensor]:
        return {Columns.ACTION_DIST_INPUTS: self.compute_q_values(batch)[QF_PREDS]}

    def _forward_train(self, batch: Mapping[str, Any], **_: Any) -> dict[str, Tensor]:
        following = {Columns.OBS: batch[Columns.NEXT_OBS]}
        with torch.no_grad():
            targets = {
                QF_NEXT_PREDS: self.compute_q_values(following)[QF_PREDS],
                QF_TARGET_NEXT_PREDS: self.forward_target(following),
            }
        return {**self.compute_q_values(batch), **targets}


def layers(inputs: int, hidden: Sequence[int], outputs: int) -> nn.Sequential:
    """Linear layers with ReLU between them: what ``routers.learned_policy`` computes in service."""
    made: list[nn.Module] = []
    for width in hidden:
        made += [nn.Linear(inputs, width), nn.ReLU()]
        inputs = width
    return nn.Sequential(*made, nn.Linear(inputs, outputs))
