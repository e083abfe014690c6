"""Config to router: the one module that knows them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from pathlib import Path
from typing import Final, Protocol, TypeAlias, assert_never

from stigmergy.errors import InvalidArtifact, MissingExtra
from stigmergy.graphs.deposit_rules import AdvantageRule, AmroRule, DepositRule
from stigmergy.graphs.pheromones import NO_TRAILS, Bounds
from stigmergy.graphs.weights import WeightModel
from stigmergy.routers import configs as c
from stigmergy.routers.ability_sources import AbilitySource, DeclaredAbilities, PredictedAbilities
from stigmergy.routers.ant_colony import AntColonyRouter, ColonyRules
from stigmergy.routers.bandit.artifact import load_for
from stigmergy.routers.bandit.context import ContextShape
from stigmergy.routers.bandit.learner import LearningRules
from stigmergy.routers.bandit.router import BanditRouter
from stigmergy.routers.bandit.rules import ExplorationRule, ThompsonSampling, UpperConfidence
from stigmergy.routers.base import Router, TradesOff
from stigmergy.routers.baselines import LeastLoadedRouter, RandomRouter, RoundRobinRouter
from stigmergy.routers.colony_artifact import load_trails
from stigmergy.routers.colony_memory import ColonyMemory
from stigmergy.routers.dijkstra import DijkstraRouter
from stigmergy.routers.estimators.artifact import load_arms
from stigmergy.routers.estimators.router import EstimatorRouter
from stigmergy.routers.evidence.agreement import AgreementRule
from stigmergy.routers.evidence.artifact import load_artifact
from stigmergy.routers.evidence.router import EvidenceRouter, PanelRule
from stigmergy.routers.fixed_path import FixedPathRouter
from stigmergy.routers.heuristic import Heuristic
from stigmergy.routers.learned_policy.artifact import load_policy
from stigmergy.routers.learned_policy.router import PolicyRouter
from stigmergy.routers.price_baselines import CheapestRouter, DearestRouter, FirstLargeRouter
from stigmergy.routers.selection import EpsilonGreedy, Greedy, Proportional, Selection, Softmax
from stigmergy.routers.trail_readings import ReadingRules
from stigmergy.routers.trained import Trained

Colonies: TypeAlias = MutableMapping[str, ColonyMemory]
"""The memories of this process by colony; routers built with one mapping share them."""


class TrainedRouter(Router, TradesOff, Protocol):
    """What artifacts of routers hold."""


_PLAIN: Final[Mapping[type, Callable[[], Router]]] = {
    c.RandomConfig: RandomRouter,
    c.RoundRobinConfig: RoundRobinRouter,
    c.LeastLoadedConfig: LeastLoadedRouter,
    c.CheapestConfig: CheapestRouter,
    c.DearestConfig: DearestRouter,
    c.FirstLargeConfig: FirstLargeRouter,
}


def build_routers(named: Mapping[str, c.RouterConfig]) -> Mapping[str, Router]:
    """Every configured router by its name; those of one colony learn together."""
    colonies: Colonies = {}
    return {name: build_router(name, config, colonies) for name, config in named.items()}


def build_router(name: str, config: c.RouterConfig, colonies: Colonies | None = None) -> Router:
    """The router that a config describes.

    Args:
        name: what tasks call it by; a colony without a name of its own is not shared beyond it.
        config: of any kind.
        colonies: where the memory of its colony is found or added; None: it shares with nobody.

    Raises:
        InvalidArtifact: what it was trained to cannot be loaded.
        UnfitPolicy: what it was trained to see is of another release.
    """
    match config:
        case c.FixedPathConfig():
            return FixedPathRouter(config.route, WeightModel())
        case c.DijkstraConfig():
            return DijkstraRouter(_weight_model(config))
        case c.AntColonyConfig():
            return build_colony(name, config, colonies)
        case c.BanditConfig():
            return _bandit(config)
        case c.PolicyConfig() | c.EstimatorConfig() | c.GnnConfig():
            return _from_artifact(config)
        case _:
            return _PLAIN[type(config)]()


def _from_artifact(config: c.PolicyConfig | c.TrainedRouterConfig) -> Router:
    if isinstance(config, c.PolicyConfig):
        return PolicyRouter(load_policy(config.artifact))
    return load_router(config).serves


def load_router(config: c.TrainedRouterConfig) -> Trained[TrainedRouter]:
    """The router in an artifact.

    Raises:
        InvalidArtifact: it cannot be loaded.
        MissingExtra: the packages that it needs are not installed.
    """
    if isinstance(config, c.GnnConfig):
        return _gnn(config)
    return _estimator(config)


def load_trained(name: str, config: c.RouterConfig) -> Trained[Router]:
    """As ``load_router``, for every kind of router that may come in an artifact; what it learns stays its own.

    Raises:
        InvalidArtifact: it cannot be loaded, or it is of a kind, or configured so, that there is none.
        MissingExtra: the packages that it needs are not installed.
    """
    match config:
        case c.EstimatorConfig() | c.GnnConfig():
            return load_router(config)
        case c.PolicyConfig():
            policy = load_policy(config.artifact)
            return Trained(PolicyRouter(policy), policy.version, policy.spec.actions)
        case c.AntColonyConfig(artifact=Path() as path):
            found = load_trails(path)
            return Trained(build_colony(name, config), found.version, tuple(sorted(found.trails.total.trials)))
        case c.BanditConfig(artifact=Path() as path):
            known = load_for(path, config.cost_weight)
            return Trained(_bandit(config), known.version, tuple(known.seen))
        case _:
            raise InvalidArtifact(name, f"a router of kind {config.kind} comes in no artifact")


def build_panel_rule(config: c.PanelRuleConfig) -> PanelRule:
    """The rule of a panel that a config describes.

    Raises:
        InvalidArtifact: what it was trained to cannot be loaded.
    """
    match config:
        case c.AgreementConfig():
            return AgreementRule(config.agreeing)
        case c.EvidenceConfig():
            return load_rule(config).serves
    assert_never(config)


def load_rule(config: c.EvidenceConfig) -> Trained[PanelRule]:
    """The rule of a panel in an artifact; raises InvalidArtifact."""
    found = load_artifact(config.artifact)
    rule = EvidenceRouter(found.policy, price=config.price, check_share=config.check_share, version=found.version)
    return Trained(rule, found.version, found.policy.roster)


def build_selection(config: c.SelectionConfig) -> Selection:
    """The selection that a config describes."""
    match config:
        case c.GreedyConfig():
            return Greedy()
        case c.SoftmaxConfig():
            return Softmax(config.temperature)
        case c.EpsilonConfig():
            return EpsilonGreedy(config.epsilon)
        case c.ProportionalConfig():
            return Proportional(config.power)
    assert_never(config)


def _weight_model(config: c.DijkstraConfig) -> WeightModel:
    return WeightModel(
        price_floor_fraction=config.price_floor_fraction,
        reference_latency_s=config.reference_latency_s,
        max_penalty=config.max_penalty,
    )


def _gnn(config: c.GnnConfig) -> Trained[TrainedRouter]:
    # torch is loaded only where a graph names such a router.
    try:
        from stigmergy.routers.gnn.checkpoint import load_gnn
        from stigmergy.routers.gnn.router import GnnRouter
    except ModuleNotFoundError as error:
        raise MissingExtra((error.name or "torch").partition(".")[0], "gnn") from None
    found = load_gnn(config.artifact)
    return Trained(GnnRouter(config, found), found.version, found.scorer.agents)


def _estimator(config: c.EstimatorConfig) -> Trained[TrainedRouter]:
    found = load_arms(config.artifact)
    return Trained(EstimatorRouter(found, price=config.price), found.version, found.model.arms)


def _bandit(config: c.BanditConfig) -> BanditRouter:
    artifact = None if config.artifact is None else load_for(config.artifact, config.cost_weight)
    rules = LearningRules(
        ridge=config.ridge, discount=config.discount, tick_outcomes=config.tick_outcomes, prior=config.prior
    )
    shape = ContextShape(text_dims=config.text_dims, type_dims=config.type_dims)
    return BanditRouter(shape, rules, _exploration(config.rule), cost_weight=config.cost_weight, artifact=artifact)


def _exploration(config: c.ThompsonConfig | c.UpperConfidenceConfig) -> ExplorationRule:
    if isinstance(config, c.ThompsonConfig):
        return ThompsonSampling(config.scale, config.draws)
    return UpperConfidence(config.alpha)


def build_colony(name: str, config: c.AntColonyConfig, colonies: Colonies | None = None) -> AntColonyRouter:
    """As ``build_router``, of an ant colony."""
    colony, shared = config.colony or name, {} if colonies is None else colonies
    if colony not in shared:
        start = NO_TRAILS if config.artifact is None else load_trails(config.artifact).trails
        shared[colony] = ColonyMemory(colony, start)
    reading = ReadingRules(
        bounds=Bounds(config.trail_low, config.trail_high),
        strength=config.ability_strength,
        unknown_ability=config.unknown_ability,
    )
    rules = ColonyRules(
        quality_gate=config.quality_gate,
        alpha=config.alpha,
        beta=config.beta,
        rho=config.rho,
        forgetting=config.forgetting,
        reading=reading,
        deposit=_deposit_rule(config),
    )
    return AntColonyRouter(shared[colony], rules, Heuristic(config.heuristic), _abilities(config.abilities))


def _abilities(config: c.AbilitiesConfig) -> AbilitySource:
    match config:
        case c.TableAbilitiesConfig():
            return DeclaredAbilities(config.abilities)
        case c.PredictedAbilitiesConfig(kind="gnn"):
            return PredictedAbilities(_gnn(c.GnnConfig(artifact=config.artifact)).serves)
        case c.PredictedAbilitiesConfig():
            return PredictedAbilities(_estimator(c.EstimatorConfig(artifact=config.artifact)).serves)
    assert_never(config)


def _deposit_rule(config: c.AntColonyConfig) -> DepositRule:
    if config.rule == "amro":
        return AmroRule(least_quality=config.quality_gate)
    return AdvantageRule(cost_weight=config.cost_weight, step_size=config.step_size, least_quality=config.quality_gate)
