"""Our learners: losses on top of RLlib's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import torch
from ray.rllib.algorithms.dqn.dqn_learner import QF_PREDS
from ray.rllib.algorithms.dqn.torch.dqn_torch_learner import DQNTorchLearner
from ray.rllib.algorithms.marwil.torch.marwil_torch_learner import MARWILTorchLearner
from ray.rllib.algorithms.ppo.torch.ppo_torch_learner import PPOTorchLearner
from ray.rllib.core.columns import Columns
from torch import Tensor

RETURNS: Final = "returns"
"""Of the whole episode, the same for all its hops."""
REFERENCE: Final = "reference"
"""Mean return of the two boundary policies on the same draws."""
SPREAD: Final = "spread"
"""Standard deviation of ``returns - reference`` over the whole batch: minibatches then weigh alike."""
ALPHA: Final = "alpha"
_NORMS: Final = "squared_advantages"
_TINY: Final = 1e-6


class CqlLearner(DQNTorchLearner):
    """Double Q-learning plus ``alpha (logsumexp_a Q(s, a) - Q(s, a_logged))`` (Kumar et al., 2020), discrete.

    Forbidden actions add nothing to the sum: their Q is -10,000.
    """

    def compute_loss_for_module(
        self, *, module_id: str, config: Any, batch: Mapping[str, Any], fwd_out: Mapping[str, Tensor]
    ) -> Tensor:
        """See ``Learner``."""
        squared: Tensor = super().compute_loss_for_module(
            module_id=module_id, config=config, batch=batch, fwd_out=fwd_out
        )
        values = fwd_out[QF_PREDS]
        logged = values.gather(1, batch[Columns.ACTIONS].long()[:, None]).squeeze(1)
        gap = (batch["weights"] * (torch.logsumexp(values, dim=1) - logged)).mean()
        return squared + config.learner_config_dict[ALPHA] * gap


class BopoLearner(PPOTorchLearner):
    """PPO without a critic; the advantage refers to the boundary policies, not to what the policy itself earns.

    ``A = (R - b) / std(R - b)``, b the mean return of always-small and first-large on the same query, under the same
    cap, with the same failures. A policy that has collapsed to always-small sees a large negative advantage wherever
    first-large earns more; one that is measured against itself would see none.
    """

    def compute_loss_for_module(
        self, *, module_id: str, config: Any, batch: Mapping[str, Any], fwd_out: Mapping[str, Tensor]
    ) -> Tensor:
        """See ``Learner``."""
        advantage = (batch[RETURNS] - batch[REFERENCE]) / batch[SPREAD]
        told = {**batch, Columns.ADVANTAGES: advantage, Columns.VALUE_TARGETS: batch[RETURNS]}
        loss: Tensor = super().compute_loss_for_module(module_id=module_id, config=config, batch=told, fwd_out=fwd_out)
        return loss


class LagrangianLearner(PPOTorchLearner):
    """PPO with a critic on rewards less multiplier times charge; advantages are standardised per minibatch."""

    def compute_loss_for_module(
        self, *, module_id: str, config: Any, batch: Mapping[str, Any], fwd_out: Mapping[str, Tensor]
    ) -> Tensor:
        """See ``Learner``."""
        with torch.no_grad():
            found = batch[Columns.VALUE_TARGETS] - self.module[module_id].unwrapped().compute_values(batch)
            advantage = (found - found.mean()) / (found.std(correction=0) + _TINY)
        told = {**batch, Columns.ADVANTAGES: advantage}
        loss: Tensor = super().compute_loss_for_module(module_id=module_id, config=config, batch=told, fwd_out=fwd_out)
        return loss


class ResumableMarwilLearner(MARWILTorchLearner):
    """RLlib's, whose state lacks the running mean of squared advantages: a resumed run would go another way."""

    def get_state(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """See ``Learner``."""
        norms = {name: float(norm) for name, norm in self.moving_avg_sqd_adv_norms_per_module.items()}
        return {**super().get_state(*args, **kwargs), _NORMS: norms}

    def set_state(self, state: dict[str, Any]) -> None:
        """See ``Learner``."""
        super().set_state(state)
        for name, norm in state.get(_NORMS, {}).items():
            self.moving_avg_sqd_adv_norms_per_module[name] = self._get_tensor_variable(norm)
