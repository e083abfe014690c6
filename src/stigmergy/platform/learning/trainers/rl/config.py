"""What a training is told; plain data, without Ray and torch. ``platform.settings.training`` reads it from YAML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from stigmergy.platform.learning.rl.draws import LEVELS


def _require(name: str, value: float, *, least: float, most: float = float("inf")) -> None:
    if not least <= value <= most:
        raise ValueError(f"{name} = {value}: it must be at least {least:g} and at most {most:g}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Learner:
    """What all learners share: step size of Adam, and rows in one gradient step."""

    lr: float = 1e-3
    minibatch: int = 1024

    def __post_init__(self) -> None:
        _require("lr", self.lr, least=1e-8, most=1.0)
        _require("minibatch", self.minibatch, least=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class BcConfig(_Learner):
    """Cloning, one pass over the rows in an iteration.

    Attributes:
        clone: ``boundary``: the cheapest arm that is as good as the best, from a log of queries against arms (METHODS
            M7). ``logged``: what was done, as it is in a dataset.
    """

    kind: Literal["bc"] = "bc"
    clone: Literal["boundary", "logged"] = "boundary"


@dataclass(frozen=True, slots=True, kw_only=True)
class MarwilConfig(_Learner):
    """Cloning weighted by ``exp(beta x advantage)``; beta in [0, 1]."""

    kind: Literal["marwil"] = "marwil"
    beta: float = 1.0

    def __post_init__(self) -> None:
        _Learner.__post_init__(self)
        _require("beta", self.beta, least=0.0, most=1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CqlConfig(_Learner):
    """Discrete conservative Q-learning.

    Attributes:
        alpha: weight of the conservative term, at least 0.
        gamma: discount.
        tau: share of the way that target networks go towards the network at each move.
        move_every: minibatches between two moves.
    """

    kind: Literal["cql"] = "cql"
    alpha: float = 0.05
    gamma: float = 1.0
    tau: float = 0.2
    move_every: int = 16

    def __post_init__(self) -> None:
        _Learner.__post_init__(self)
        _require("alpha", self.alpha, least=0.0)
        _require("gamma", self.gamma, least=0.0, most=1.0)
        _require("tau", self.tau, least=1e-6, most=1.0)
        _require("move_every", self.move_every, least=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _OnPolicy(_Learner):
    """What learners that act in a replayed log share.

    Attributes:
        episodes: played in an iteration.
        epochs: passes over their hops.
        clip: of the probability ratio.
        entropy: weight of the entropy bonus.
        warm_start: passes of boundary-guided cloning before the first iteration.
    """

    lr: float = 3e-4
    episodes: int = 4096
    epochs: int = 4
    clip: float = 0.2
    entropy: float = 0.003
    warm_start: int = 5

    def __post_init__(self) -> None:
        _Learner.__post_init__(self)
        _require("episodes", self.episodes, least=1)
        _require("epochs", self.epochs, least=1)
        _require("clip", self.clip, least=0.01, most=1.0)
        _require("entropy", self.entropy, least=0.0)
        _require("warm_start", self.warm_start, least=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class BopoConfig(_OnPolicy):
    """Policy optimisation whose advantage refers to the two boundary policies."""

    kind: Literal["bopo"] = "bopo"


@dataclass(frozen=True, slots=True, kw_only=True)
class LagrangianConfig(_OnPolicy):
    """PPO under a *mean* budget, the baseline: one multiplier per level.

    Attributes:
        mean_share: what episodes of a level may be charged in the mean, as a share of their budgets.
        multiplier_step: how fast multipliers follow what is charged beyond it.
    """

    kind: Literal["lagrangian"] = "lagrangian"
    mean_share: float = 0.5
    multiplier_step: float = 0.1

    def __post_init__(self) -> None:
        _OnPolicy.__post_init__(self)
        _require("mean_share", self.mean_share, least=1e-6, most=1.0)
        _require("multiplier_step", self.multiplier_step, least=0.0)


OfflineConfig: TypeAlias = BcConfig | MarwilConfig | CqlConfig
OnPolicyConfig: TypeAlias = BopoConfig | LagrangianConfig
LearnerConfig: TypeAlias = OfflineConfig | OnPolicyConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class WeatherConfig:
    """What goes wrong in a replay: see ``rl.draws.Weather``."""

    failure_rate: float = 0.0
    outage_rate: float = 0.0
    latency_sigma: float = 0.0

    def __post_init__(self) -> None:
        _require("failure_rate", self.failure_rate, least=0.0, most=0.9)
        _require("outage_rate", self.outage_rate, least=0.0, most=0.9)
        _require("latency_sigma", self.latency_sigma, least=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeConfig:
    """A figure of the learner that a search draws, log-uniform between two positive numbers."""

    low: float
    high: float

    def __post_init__(self) -> None:
        _require("low", self.low, least=1e-12)
        _require("high", self.high, least=self.low)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchConfig:
    """A search by Ray Tune before the training: the first seed's return on val decides.

    Attributes:
        trials: settings drawn.
        ranges: by the name of a figure of the learner.
        choices: by the name of a setting of the learner.
    """

    trials: int = 8
    ranges: Mapping[str, RangeConfig] = field(default_factory=dict)
    choices: Mapping[str, tuple[float | int | str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _require("trials", self.trials, least=1)
        if not self.ranges and not self.choices:
            raise ValueError("there is nothing to search: give ranges or choices")


@dataclass(frozen=True, slots=True, kw_only=True)
class RlTraining:
    """A whole training.

    Attributes:
        data: the folder of a dataset, or a Parquet log of queries against arms.
        learner: which, and its settings.
        seeds: one policy is trained for each; the best on val is the artifact.
        iterations: passes over the rows, or batches of episodes played.
        budget_levels: 0 is the worst case of a query's cheapest route, 1 that of its dearest.
        cost_weight: quality that the span between the boundary policies is worth, for a log; a dataset has its own.
        hidden: widths of the layers between observations and actions.
        graph: version of the agent graph to serve on, whose nodes a log has as arms; empty: the log stands for one.
        sees: ``text``: vectors of texts. ``expected``: what an estimator expects of every action (METHODS M18); from a
            log, for learners that need no rows.
        weather: of a replay.
        device: where gradients are computed; ``auto``: on a GPU when there is one.
        env_runners: processes that play episodes; 0: this one.
        learners: processes that compute gradients; 0: this one, the only way to equal weights for equal seeds.
        checkpoint_every: iterations; at each, the policy is also held against val.
        search: settings to look for first.
    """

    data: Path
    learner: LearnerConfig
    seeds: tuple[int, ...] = (0,)
    iterations: int = 50
    budget_levels: tuple[float, ...] = LEVELS
    cost_weight: float = 0.1
    hidden: tuple[int, ...] = (128, 128)
    graph: str = ""
    sees: Literal["text", "expected"] = "text"
    weather: WeatherConfig = WeatherConfig()
    device: Literal["auto", "cpu", "gpu"] = "auto"
    env_runners: int = 0
    learners: int = 0
    checkpoint_every: int = 5
    search: SearchConfig | None = None

    def __post_init__(self) -> None:
        for name, least in (("iterations", 1), ("checkpoint_every", 1), ("env_runners", 0), ("learners", 0)):
            _require(name, getattr(self, name), least=least)
        _require("cost_weight", self.cost_weight, least=0.0)
        for name in ("seeds", "budget_levels", "hidden"):
            if not getattr(self, name):
                raise ValueError(f"{name} is empty")
        for level in self.budget_levels:
            _require("budget_levels", level, least=0.0, most=1.0)
        for width in self.hidden:
            _require("hidden", width, least=1)
        if self.sees == "expected" and not self.needs_no_rows:
            raise ValueError(f"sees = expected: {self.learner.kind} learns from rows, which hold vectors of texts")
        if len(set(self.seeds)) < len(self.seeds):
            raise ValueError(f"seeds = {self.seeds}: one is there twice")

    @property
    def needs_no_rows(self) -> bool:
        """Whether the learner only acts, or clones what it works out itself."""
        return self.acts or (isinstance(self.learner, BcConfig) and self.learner.clone == "boundary")

    @property
    def acts(self) -> bool:
        """Whether the learner acts in a replayed log; else it learns from rows alone."""
        return isinstance(self.learner, BopoConfig | LagrangianConfig)


Figures: TypeAlias = Mapping[str, float]
Document: TypeAlias = dict[str, Any]
"""JSON-compatible."""
