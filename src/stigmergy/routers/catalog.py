"""Config to router: the one module that knows them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from pathlib import Path
from typing import Final, TypeAlias, assert_never

from stigmergy.errors import MissingExtra
from stigmergy.graphs.deposit_rules import AdvantageRule, AmroRule, DepositRule
from stigmergy.graphs.pheromones import Bounds
from stigmergy.graphs.weights import WeightModel
from stigmergy.routers import configs as c
from stigmergy.routers.ant_colony import AntColonyRouter, ColonyRules
from stigmergy.routers.base import Router
from stigmergy.routers.baselines import LeastLoadedRouter, RandomRouter, RoundRobinRouter
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

Colonies: TypeAlias = MutableMapping[str, ColonyMemory]
"""The memories of this process by colony; routers built with one mapping share them."""

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
            return _ant_colony(name, config, {} if colonies is None else colonies)
        case c.EstimatorConfig() | c.GnnConfig() | c.PolicyConfig():
            return _trained(config)
        case _:
            return _PLAIN[type(config)]()


def build_panel_rule(config: c.PanelRuleConfig) -> PanelRule:
    """The rule of a panel that a config describes.

    Raises:
        InvalidArtifact: what it was trained to cannot be loaded.
    """
    match config:
        case c.AgreementConfig():
            return AgreementRule(config.agreeing)
        case c.EvidenceConfig():
            found = load_artifact(config.artifact)
            return EvidenceRouter(
                found.policy, price=config.price, check_share=config.check_share, version=found.version
            )
    assert_never(config)


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


def _trained(config: c.EstimatorConfig | c.GnnConfig | c.PolicyConfig) -> Router:
    if isinstance(config, c.GnnConfig):
        return _gnn(config)
    if isinstance(config, c.PolicyConfig):
        return PolicyRouter(load_policy(config.artifact))
    return EstimatorRouter(load_arms(config.artifact), price=config.price)


def _gnn(config: c.GnnConfig) -> Router:
    # torch is loaded only where a graph names such a router.
    try:
        from stigmergy.routers.gnn.checkpoint import load_gnn
        from stigmergy.routers.gnn.router import GnnRouter
    except ModuleNotFoundError as error:
        raise MissingExtra((error.name or "torch").partition(".")[0], "gnn") from None
    return GnnRouter(config, load_gnn(Path(config.artifact)))


def _ant_colony(name: str, config: c.AntColonyConfig, colonies: Colonies) -> AntColonyRouter:
    colony = config.colony or name
    memory = colonies.setdefault(colony, ColonyMemory(colony))
    reading = ReadingRules(
        bounds=Bounds(config.trail_low, config.trail_high),
        strength=config.ability_strength,
        unknown_ability=config.unknown_ability,
    )
    rules = ColonyRules(
        alpha=config.alpha,
        beta=config.beta,
        rho=config.rho,
        forgetting=config.forgetting,
        reading=reading,
        deposit=_deposit_rule(config),
    )
    return AntColonyRouter(memory, rules, Heuristic(config.heuristic))


def _deposit_rule(config: c.AntColonyConfig) -> DepositRule:
    if config.rule == "amro":
        return AmroRule()
    return AdvantageRule(cost_weight=config.cost_weight, step_size=config.step_size)
