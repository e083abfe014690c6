"""One frozen config per router and per selection, told apart by ``kind``. Plain data: nothing heavy is imported."""

from __future__ import annotations

from typing import TypeAlias

from stigmergy.routers.configs.ant_colony import (
    AbilitiesConfig,
    AntColonyConfig,
    HeuristicConfig,
    PredictedAbilitiesConfig,
    TableAbilitiesConfig,
)
from stigmergy.routers.configs.bandit import (
    BanditConfig,
    ThompsonConfig,
    UpperConfidenceConfig,
)
from stigmergy.routers.configs.panels import (
    AgreementConfig,
    EvidenceConfig,
    PanelRuleConfig,
)
from stigmergy.routers.configs.selection import (
    EpsilonConfig,
    GreedyConfig,
    ProportionalConfig,
    SelectionConfig,
    SignedSelectionConfig,
    SoftmaxConfig,
)
from stigmergy.routers.configs.trained import (
    EstimatorConfig,
    GnnConfig,
    PolicyConfig,
    TrainedRouterConfig,
)
from stigmergy.routers.configs.untrained import (
    CheapestConfig,
    DearestConfig,
    DijkstraConfig,
    FirstLargeConfig,
    FixedPathConfig,
    LeastLoadedConfig,
    RandomConfig,
    RoundRobinConfig,
)

RouterConfig: TypeAlias = (
    RandomConfig
    | RoundRobinConfig
    | LeastLoadedConfig
    | CheapestConfig
    | DearestConfig
    | FirstLargeConfig
    | FixedPathConfig
    | DijkstraConfig
    | AntColonyConfig
    | EstimatorConfig
    | GnnConfig
    | BanditConfig
    | PolicyConfig
)

__all__ = [
    "AbilitiesConfig",
    "AgreementConfig",
    "AntColonyConfig",
    "BanditConfig",
    "CheapestConfig",
    "DearestConfig",
    "DijkstraConfig",
    "EpsilonConfig",
    "EstimatorConfig",
    "EvidenceConfig",
    "FirstLargeConfig",
    "FixedPathConfig",
    "GnnConfig",
    "GreedyConfig",
    "HeuristicConfig",
    "LeastLoadedConfig",
    "PanelRuleConfig",
    "PolicyConfig",
    "PredictedAbilitiesConfig",
    "ProportionalConfig",
    "RandomConfig",
    "RoundRobinConfig",
    "RouterConfig",
    "SelectionConfig",
    "SignedSelectionConfig",
    "SoftmaxConfig",
    "TableAbilitiesConfig",
    "ThompsonConfig",
    "TrainedRouterConfig",
    "UpperConfidenceConfig",
]
