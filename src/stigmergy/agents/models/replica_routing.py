"""Which replica of a model's deployment answers a request, as the configuration states it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from stigmergy.agents.deployment_config import DeploymentConfig, require


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerOfTwoConfig:
    """The less loaded of two replicas drawn at random; it knows no caches."""

    kind: Literal["power_of_two"] = "power_of_two"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpillConfig:
    """When both replicas of a prefix have so much to do that any other may take the request.

    That is when the less loaded of them has at least ``slo_load`` requests, more than which cannot be answered within
    the service level objective, and at least ``above_mean`` times what replicas have on the mean.
    """

    slo_load: int = 4
    above_mean: float = 1.5

    def __post_init__(self) -> None:
        require(self.slo_load >= 1, "replica_routing.spill.slo_load", self.slo_load, "at least 1")
        require(self.above_mean >= 1, "replica_routing.spill.above_mean", self.above_mean, "at least 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheAffineConfig:
    """The less loaded of the two replicas that a prompt's prefix is hashed to, so that they keep what they computed.

    The prefix are the first ``prefix_messages`` messages (1: the system prompt; 2: the first question, too, so that
    conversations stay together), and of these the first ``prefix_chars`` characters.
    """

    kind: Literal["cache_affine"] = "cache_affine"
    prefix_messages: int = 1
    prefix_chars: int = 1024
    spill: SpillConfig = field(default_factory=SpillConfig)

    def __post_init__(self) -> None:
        for name in ("prefix_messages", "prefix_chars"):
            require(getattr(self, name) >= 1, f"replica_routing.{name}", getattr(self, name), "at least 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class PrefixAwareConfig:
    """Ray's ``PrefixCacheAffinityRouter``: the replica that was sent the longest prefix of the prompt.

    Where the loads of replicas differ by more than ``imbalance`` requests, power of two instead. Its tree of prefixes,
    in an actor of its own, is cut down when it holds more than ``tree_chars`` characters.
    """

    kind: Literal["prefix_aware"] = "prefix_aware"
    imbalance: int = 5
    tree_chars: int = 400_000

    def __post_init__(self) -> None:
        for name in ("imbalance", "tree_chars"):
            require(getattr(self, name) >= 1, f"replica_routing.{name}", getattr(self, name), "at least 1")


ReplicaRoutingConfig: TypeAlias = PowerOfTwoConfig | CacheAffineConfig | PrefixAwareConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelDeploymentConfig(DeploymentConfig):
    """How a language model is deployed, and how its replicas share the requests."""

    replica_routing: ReplicaRoutingConfig = field(default_factory=PowerOfTwoConfig)
