"""What a configuration says of replicas, in Serve's words."""

from __future__ import annotations

from typing import Any

from stigmergy.agents.configs import DeploymentConfig


def serve_options(config: DeploymentConfig) -> dict[str, Any]:
    """The options of ``serve.deployment`` for an agent or a language model."""
    return {
        "max_ongoing_requests": config.max_ongoing_requests,
        "max_queued_requests": config.max_queued_requests,
        "ray_actor_options": _resources(config),
        "health_check_period_s": 2,
        "health_check_timeout_s": 10,
        "graceful_shutdown_timeout_s": 5,
        **scaling_options(config),
        **placement_options(config),
    }


def _resources(config: DeploymentConfig) -> dict[str, Any]:
    resources: dict[str, Any] = {"num_cpus": config.num_cpus, "num_gpus": config.num_gpus}
    if config.accelerator_type is not None:
        resources["accelerator_type"] = config.accelerator_type
    return resources


def scaling_options(config: DeploymentConfig) -> dict[str, Any]:
    """How many replicas there are."""
    if config.min_replicas is None:
        return {"num_replicas": config.num_replicas}
    scaling: dict[str, Any] = {"min_replicas": config.min_replicas, "max_replicas": config.max_replicas}
    if config.target_ongoing_requests is not None:
        scaling["target_ongoing_requests"] = config.target_ongoing_requests
    return {"autoscaling_config": scaling}


def placement_options(config: DeploymentConfig) -> dict[str, Any]:
    """What each replica reserves together; empty where nothing is stated."""
    if not config.placement:
        return {}
    bundles = [dict(bundle) for bundle in config.placement]
    return {"placement_group_bundles": bundles, "placement_group_strategy": config.placement_strategy}
