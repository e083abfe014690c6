"""The composition root: configuration in, Serve application out."""

from __future__ import annotations

from ray import serve

from stigmergy.agents.models.configs import deployment_of
from stigmergy.deployments.agent_deployment import deploy_agent
from stigmergy.deployments.coordinator import Coordinator
from stigmergy.deployments.deployed import Deployed
from stigmergy.deployments.gateway import Gateway
from stigmergy.deployments.model_deployment import deploy_model
from stigmergy.deployments.worker import deploy_workers
from stigmergy.platform.settings import Settings


def build(settings: Settings) -> serve.Application:
    """The Serve application of a configuration: gateways, workers, coordinator, agents and models that are deployed."""
    serving = settings.serving
    deployed = _deployed(settings)
    coordinator = serve.deployment(
        Coordinator,
        name="coordinator",
        num_replicas=1,
        max_ongoing_requests=10_000,
        ray_actor_options={"num_cpus": 0},
        health_check_period_s=2,
        graceful_shutdown_timeout_s=5,
    ).bind(settings)
    gateway = serve.deployment(
        serve.ingress()(Gateway),
        name="gateway",
        num_replicas=serving.gateway_replicas,
        # Admission is ours: with Serve's default of 5 a few open streams would block everything.
        max_ongoing_requests=max(1000, serving.max_in_flight * 2),
        ray_actor_options={"num_cpus": serving.gateway_num_cpus},
        health_check_period_s=2,
        graceful_shutdown_timeout_s=20,
    )
    return gateway.bind(settings, coordinator, deployed, deploy_workers(settings, coordinator, deployed))


def _deployed(settings: Settings) -> Deployed:
    placed = {name: deployment_of(config) for name, config in settings.models.items()}
    models = {name: deploy_model(name, config, settings) for name, config in placed.items() if config is not None}
    agents = {
        name: deploy_agent(name, config, settings, models)
        for name, config in settings.agents.items()
        if config.runs == "deployment"
    }
    return Deployed(agents, models)
