"""RLlib's configs: the one module that makes them."""

from __future__ import annotations

from typing import Any, Final

import torch
from gymnasium.spaces import Discrete
from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.rllib.algorithms.bc import BCConfig
from ray.rllib.algorithms.dqn import DQNConfig
from ray.rllib.algorithms.marwil import MARWILConfig
from ray.rllib.algorithms.ppo import PPOConfig
from ray.rllib.core.learner.learner_group import LearnerGroup
from ray.rllib.core.rl_module.rl_module import RLModuleSpec

from stigmergy.platform.learning.rl.gym_env import observation_space
from stigmergy.platform.learning.trainers.rl.config import (
    BcConfig,
    BopoConfig,
    CqlConfig,
    LagrangianConfig,
    LearnerConfig,
    MarwilConfig,
    RlTraining,
)
from stigmergy.platform.learning.trainers.rl.losses import (
    ALPHA,
    BopoLearner,
    CqlLearner,
    LagrangianLearner,
    ResumableMarwilLearner,
)
from stigmergy.platform.learning.trainers.rl.modules import MaskedPolicyModule, MaskedValueModule
from stigmergy.routers.observation import ObservationSpec

_CLIP_OF_GRADIENTS: Final = 1.0


def learner_group(training: RlTraining, learner: LearnerConfig, spec: ObservationSpec, seed: int) -> LearnerGroup:
    """A group of RLlib learners for policies over the actions of a spec: one in this process, or several beside it."""
    config = _algorithm(learner).learners(
        num_learners=training.learners, num_gpus_per_learner=gpus_for(training.device)
    )
    config.debugging(seed=seed)
    config.training(lr=learner.lr, train_batch_size_per_learner=learner.minibatch)
    return config.build_learner_group(rl_module_spec=_module(training, learner, spec))


def gpus_for(device: str) -> int:
    """GPUs of one learner."""
    return int(device == "gpu" or (device == "auto" and torch.cuda.is_available()))


def _module(training: RlTraining, learner: LearnerConfig, spec: ObservationSpec) -> RLModuleSpec:
    return RLModuleSpec(
        module_class=MaskedValueModule if isinstance(learner, CqlConfig) else MaskedPolicyModule,
        observation_space=observation_space(spec),
        action_space=Discrete(len(spec.actions)),
        model_config={"hidden": list(training.hidden), "mask": [spec.mask.start, spec.mask.stop]},
    )


def _algorithm(learner: LearnerConfig) -> AlgorithmConfig:
    match learner:
        case BcConfig():
            return BCConfig()
        case MarwilConfig():
            return _with(MARWILConfig().training(beta=learner.beta), ResumableMarwilLearner)
        case CqlConfig():
            # Targets move once per update of the group: every update counts as one step of the environment.
            config = DQNConfig().training(
                gamma=learner.gamma, tau=learner.tau, target_network_update_freq=1, double_q=True, num_atoms=1
            )
            return _with(config.learners(learner_config_dict={ALPHA: learner.alpha}), CqlLearner)
        case BopoConfig():
            return _with(_ppo(learner, critic=False), BopoLearner)
        case LagrangianConfig():
            return _with(_ppo(learner, critic=True), LagrangianLearner)


def _ppo(learner: BopoConfig | LagrangianConfig, *, critic: bool) -> PPOConfig:
    return PPOConfig().training(
        clip_param=learner.clip,
        entropy_coeff=learner.entropy,
        use_kl_loss=False,
        use_critic=critic,
        grad_clip=_CLIP_OF_GRADIENTS,
    )


def _with(config: AlgorithmConfig, learner_class: type[Any]) -> AlgorithmConfig:
    return config.learners(learner_class=learner_class)
