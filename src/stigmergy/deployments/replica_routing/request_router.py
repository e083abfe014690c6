"""What a configuration says of routing between replicas, in Serve's words."""

from __future__ import annotations

from typing import Any

from ray.serve.config import RequestRouterConfig

from stigmergy.agents.models.replica_routing import (
    CacheAffineConfig,
    PowerOfTwoConfig,
    PrefixAwareConfig,
    ReplicaRoutingConfig,
)

_ROOM = "stigmergy.deployments.replica_routing"


def request_router(config: ReplicaRoutingConfig) -> RequestRouterConfig:
    """The option ``request_router_config`` of ``serve.deployment``."""
    match config:
        case PowerOfTwoConfig():
            return RequestRouterConfig()
        case CacheAffineConfig():
            return _ours("cache_affine:CacheAffineRouter", _cache_affine(config))
        case PrefixAwareConfig():
            return _ours("prefix_aware:PrefixAwareRouter", _prefix_aware(config))


def _ours(name: str, arguments: dict[str, Any]) -> RequestRouterConfig:
    return RequestRouterConfig(request_router_class=f"{_ROOM}.{name}", request_router_kwargs=arguments)


def _cache_affine(config: CacheAffineConfig) -> dict[str, Any]:
    return {
        "prefix_messages": config.prefix_messages,
        "prefix_chars": config.prefix_chars,
        "slo_load": config.spill.slo_load,
        "above_mean": config.spill.above_mean,
    }


def _prefix_aware(config: PrefixAwareConfig) -> dict[str, Any]:
    return {
        "imbalanced_threshold": config.imbalance,
        "do_eviction": True,
        "eviction_threshold_chars": config.tree_chars,
    }
