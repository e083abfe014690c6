"""Against Ray's own LLMConfig. vLLM itself needs CUDA: where it is not installed, that is what the tests hold to."""

from __future__ import annotations

import json
from importlib.util import find_spec
from typing import Any

import pytest
from ray.llm._internal.serve.core.configs.llm_config import LLMConfig

from stigmergy.agents.catalog import build_model
from stigmergy.agents.configs import DeploymentConfig, VllmConfig
from stigmergy.deployments.model_deployment import models_of
from stigmergy.deployments.rollout import Rollout
from stigmergy.deployments.vllm import application, llm_config, sent_to_cluster, vllm_application, vllm_models
from stigmergy.errors import ConfigError
from stigmergy.platform.settings import Settings, settings_from

MODEL = """
    kind: vllm
    model: ${WEIGHTS}
    tensor_parallel: 2
    engine_kwargs: {max_model_len: 8192}
    price: {per_million_input: "0.2", per_million_output: "0.2"}
    deployment: {accelerator_type: L4, min_replicas: 1, max_replicas: 4, target_ongoing_requests: 8}
"""
SITE = """
models:
  chat: {model}
agents: {{clerk: {{kind: llm, model: chat}}}}
graphs: {{g: {{stages: [[clerk]], router: cheapest}}}}
routers: {{cheapest: {{kind: cheapest}}}}
{more}
"""
ENVIRON = {"WEIGHTS": "Qwen/Qwen2.5-0.5B-Instruct"}
TENANTS = "tenants: {a: {keys: {k: {env: KEY}}}}"

without_vllm = pytest.mark.skipif(find_spec("vllm") is not None, reason="vLLM is installed here")


def site(more: str = "") -> Settings:
    return settings_from(SITE.format(model=MODEL, more=more), ENVIRON)


def stated(**fields: Any) -> LLMConfig:
    return LLMConfig.model_validate(llm_config("chat", VllmConfig(model="folder/of/weights", **fields)))


def test_a_model_of_the_configuration_is_one_that_ray_accepts() -> None:
    (name, config), *others = vllm_models(site()).items()
    taken = LLMConfig.model_validate(llm_config(name, config))

    assert not others
    assert (taken.model_id, taken.model_loading_config.model_source) == ("chat", "Qwen/Qwen2.5-0.5B-Instruct")
    assert (taken.accelerator_type, taken.accelerator_config.kind) == ("L4", "gpu")
    assert taken.engine_kwargs == {"max_model_len": 8192, "tensor_parallel_size": 2}
    scaling = {"min_replicas": 1, "max_replicas": 4, "target_ongoing_requests": 8}
    limits = {"max_ongoing_requests": 16, "max_queued_requests": 64}
    assert taken.deployment_config == {**limits, "autoscaling_config": scaling}


def test_fixed_replicas_and_bundles_are_those_of_the_deployment() -> None:
    deployment = DeploymentConfig(num_replicas=3, placement=({"GPU": 1}, {"GPU": 1}), placement_strategy="SPREAD")
    taken = stated(deployment=deployment, tensor_parallel=2)

    assert taken.deployment_config["num_replicas"] == 3
    assert taken.placement_group_config == {"bundles": [{"GPU": 1}, {"GPU": 1}], "strategy": "SPREAD"}


def test_an_accelerator_that_ray_does_not_know_is_refused_by_ray() -> None:
    with pytest.raises(ValueError, match="Unsupported accelerator type: abacus"):
        stated(deployment=DeploymentConfig(accelerator_type="abacus"))


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"tensor_parallel": 0}, "tensor_parallel = 0"),
        ({"deployment": DeploymentConfig(num_gpus=1)}, "deployment.num_gpus = 1"),
        ({"engine_kwargs": {"tensor_parallel_size": 4}}, "engine_kwargs.tensor_parallel_size = 4"),
    ],
)
def test_what_contradicts_itself_is_refused(fields: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        VllmConfig(model="m", **fields)


@pytest.mark.parametrize("more", [TENANTS, "serving: {proxies: head}"])
def test_a_model_that_would_be_open_to_all_or_out_of_reach_is_refused(more: str) -> None:
    with pytest.raises(ConfigError) as refused:
        site(more)
    assert [path for path, _ in refused.value.problems] == ["models.chat.kind"]


def test_it_is_asked_through_its_route_on_the_proxy_of_the_same_node() -> None:
    settings = site("serving: {port: 8765}")
    model: Any = models_of(settings, {}, {}, ["chat"])["chat"]

    assert model._base_url == "http://127.0.0.1:8765/vllm/v1"
    assert model.price == settings.profiles()["clerk"].price


def test_away_from_serve_nothing_runs_it() -> None:
    with pytest.raises(ConfigError, match="Ray Serve alone"):
        build_model("chat", VllmConfig(model="m"), {})


def test_a_rollout_sends_its_models_as_an_application_of_their_own_with_variables_unfilled() -> None:
    text = SITE.format(model=MODEL, more="")
    rollout = Rollout(config=text, source="s", folder=".", serving=site().serving, checked=True)
    ours, vllm = rollout.document()["applications"]

    assert (ours["route_prefix"], vllm["route_prefix"]) == ("/", "/vllm")
    assert json.loads(vllm["args"]["models"])["chat"]["model"] == "${WEIGHTS}"
    assert [vllm] == sent_to_cluster(text + "\nengine: {max_attempts: 3}")
    assert sent_to_cluster("models: {m: {kind: scripted}}") == sent_to_cluster("[]") == []


def test_a_variable_that_the_cluster_lacks_is_named() -> None:
    (sent,) = sent_to_cluster(SITE.format(model=MODEL, more=""))
    with pytest.raises(ConfigError) as refused:
        application(sent["args"])
    assert refused.value.problems[0][0] == "models.chat.model"


@without_vllm
def test_where_vllm_is_missing_the_error_says_what_to_install_and_where() -> None:
    with pytest.raises(ConfigError) as refused:
        vllm_application(vllm_models(site()))
    ((path, problem),) = refused.value.problems
    assert path == "models.chat.kind"
    assert "ray[llm]" in problem
