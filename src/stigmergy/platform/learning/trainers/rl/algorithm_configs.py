"""RLlib's configs: the one module that makes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import gymnasium as gym
import ray
import torch
from gymnasium.spaces import Discrete
from ray.rllib.algorithms.algorithm import Algorithm
from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.rllib.algorithms.bc import BCConfig
from ray.rllib.algorithms.dqn import DQNConfig
from ray.rllib.algorithms.marwil import MARWILConfig
from ray.rllib.algorithms.ppo import PPOConfig
from ray.rllib.core.learner.learner_group import LearnerGroup
from ray.rllib.core.rl_module.rl_module import RLModuleSpec
from ray.rllib.env.single_agent_env_runner import SingleAgentEnvRunner

from stigmergy.errors import GpuMissing
from stigmergy.platform.learning.rl.gym_env import observation_space
from stigmergy.platform.learning.rl.transitions import RLLIB_COLUMNS
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
_SQUARED_ADVANTAGE: Final = 0.1
_RATE: Final = 0.01


def learner_group(training: RlTraining, learner: LearnerConfig, spec: ObservationSpec, seed: int) -> LearnerGroup:
    """A group of RLlib learners for policies over the actions of a spec: one in this process, or several beside it.

    Raises:
        GpuMissing: see ``gpus_for``.
    """
    config = _algorithm(learner).learners(num_learners=training.learners, num_gpus_per_learner=gpus_for(training))
    config.debugging(seed=seed)
    config.training(lr=learner.lr, train_batch_size_per_learner=learner.minibatch)
    return config.build_learner_group(rl_module_spec=_module(training, learner, spec))


def default_cloning(training: RlTraining, parts: Sequence[Path], spec: ObservationSpec, updates: int) -> Algorithm:
    """RLlib's own way from Parquet to a cloned policy, with its defaults but for names, sizes and the module.

    ``updates`` are the gradient steps of one ``train``.
    """
    learner = training.learner
    config = BCConfig().environment(observation_space=observation_space(spec), action_space=Discrete(len(spec.actions)))
    config.offline_data(
        input_=[str(part) for part in parts],
        input_read_method_kwargs={"columns": list(RLLIB_COLUMNS.values())},
        input_read_schema=dict(RLLIB_COLUMNS),
        dataset_num_iters_per_learner=updates,
    )
    config.rl_module(rl_module_spec=_module(training, learner, spec)).learners(num_learners=0)
    config.training(lr=learner.lr, train_batch_size_per_learner=learner.minibatch)
    return config.build_algo()


def default_collector(
    training: RlTraining, make: Callable[[], gym.Env[Any, Any]], spec: ObservationSpec, envs: int
) -> SingleAgentEnvRunner:
    """RLlib's own collector of episodes, with its defaults but for the module and the number of environments."""
    config = PPOConfig().environment(env=lambda _: make())
    config.env_runners(num_env_runners=0, num_envs_per_env_runner=envs)
    config.rl_module(rl_module_spec=_module(training, training.learner, spec))
    return SingleAgentEnvRunner(config=config)


def gpus_for(training: RlTraining) -> int:
    """GPUs of one learner; learners beside this process have theirs from the cluster, which may add nodes for them.

    Raises:
        GpuMissing: this process is told to use one, and torch sees none.
    """
    if training.device == "cpu":
        return 0
    if training.learners:
        return int(training.device == "gpu" or ray.cluster_resources().get("GPU", 0) >= training.learners)
    if training.device == "gpu" and not torch.cuda.is_available():
        raise GpuMissing("device")
    return int(torch.cuda.is_available())


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
            # RLlib starts at advantages of 10 and hardly moves; ours are below 1, and would hardly weigh.
            config = MARWILConfig().training(
                beta=learner.beta,
                moving_average_sqd_adv_norm_start=_SQUARED_ADVANTAGE,
                moving_average_sqd_adv_norm_update_rate=_RATE,
            )
            return _with(config, ResumableMarwilLearner)
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
