"""Language models that vLLM runs, through ``ray.serve.llm``: an application of its own on the same proxies.

Ray's OpenAI application asks for no keys. Settings with tenants refuse such models for that reason.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any, Final

import yaml
from pydantic import TypeAdapter
from ray import serve

from stigmergy.agents.configs import VllmConfig
from stigmergy.agents.models.openai_compatible import NO_KEY, OpenAICompatibleModel
from stigmergy.agents.models.prices import price_of
from stigmergy.deployments.serve_options import placement_options, scaling_options
from stigmergy.errors import ConfigError
from stigmergy.platform.settings import ServingConfig, Settings
from stigmergy.platform.settings.document import fill_in

VLLM_APPLICATION: Final = "stigmergy-vllm"
VLLM_ROUTE: Final = "/vllm"
VLLM_IMPORT_PATH: Final = "stigmergy.deployments.vllm:application"


def vllm_models(settings: Settings) -> dict[str, VllmConfig]:
    """The models of a configuration that vLLM runs, by name."""
    return {name: config for name, config in settings.models.items() if isinstance(config, VllmConfig)}


def sent_to_cluster(text: str) -> list[dict[str, Any]]:
    """The application of these models in a configuration text, as Serve's REST API takes it; none where there are none.

    Its arguments are these models alone, variables unfilled: weights are loaded anew only when one of them changes.
    """
    document = yaml.safe_load(text)
    models = document.get("models", {}) if isinstance(document, Mapping) else {}
    stated = {name: each for name, each in models.items() if isinstance(each, Mapping) and each.get("kind") == "vllm"}
    arguments = {"models": json.dumps(stated, sort_keys=True)}
    application = {"name": VLLM_APPLICATION, "route_prefix": VLLM_ROUTE, "import_path": VLLM_IMPORT_PATH}
    return [{**application, "args": arguments}] if stated else []


def llm_config(name: str, config: VllmConfig) -> dict[str, Any]:
    """A model in the words of ``ray.serve.llm.LLMConfig``; it is asked for by its name in our configuration."""
    deployment = config.deployment
    stated: dict[str, Any] = {
        "model_loading_config": {"model_id": name, "model_source": config.model},
        "engine_kwargs": {**config.engine_kwargs, "tensor_parallel_size": config.tensor_parallel},
        "accelerator_type": deployment.accelerator_type,
        "deployment_config": {
            "max_ongoing_requests": deployment.max_ongoing_requests,
            "max_queued_requests": deployment.max_queued_requests,
            **scaling_options(deployment),
        },
    }
    if placed := placement_options(deployment):
        stated["placement_group_config"] = {
            "bundles": placed["placement_group_bundles"],
            "strategy": placed["placement_group_strategy"],
        }
    return stated


def vllm_application(models: Mapping[str, VllmConfig]) -> serve.Application:
    """Ray's OpenAI application of all these models.

    Raises:
        ConfigError: vLLM is not installed here, or Ray refuses what is stated.
    """
    try:
        from ray.serve.llm import build_openai_app
    except ImportError as error:
        problem = f"vLLM is not installed where Serve builds it ({error}); install ray[llm] there, on Linux with CUDA"
        raise ConfigError("configuration", tuple((f"models.{name}.kind", problem) for name in models)) from error
    try:
        return build_openai_app({"llm_configs": [llm_config(name, config) for name, config in models.items()]})
    except ValueError as error:
        raise ConfigError("configuration", (("models", f"ray.serve.llm refuses them: {error}"),)) from error


def application(arguments: Mapping[str, str]) -> serve.Application:
    """What a cluster imports; ``arguments`` are those of ``sent_to_cluster``.

    Raises:
        ConfigError: as ``vllm_application``, or a variable is not set on the cluster.
    """
    filled, missing = fill_in(json.loads(arguments["models"]), os.environ, "models")
    if missing:
        raise ConfigError("configuration", tuple(missing))
    return vllm_application(TypeAdapter(dict[str, VllmConfig]).validate_python(filled))


def ask_vllm(name: str, config: VllmConfig, serving: ServingConfig) -> OpenAICompatibleModel:
    """The way to such a model: the route of its application, on the proxy of the node where this runs."""
    url = f"http://127.0.0.1:{serving.port}{VLLM_ROUTE}/v1"
    return OpenAICompatibleModel(name, name, url, NO_KEY, price_of(config), pool=config.pool)
