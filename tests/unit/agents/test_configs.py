"""The configs as the settings use them: validated by pydantic as a union with a tag."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import Field, TypeAdapter, ValidationError

from stigmergy.agents.configs import (
    AgentConfig,
    DeploymentConfig,
    DrillConfig,
    EvaluatorConfig,
    LlmConfig,
    ModelConfig,
    PriceConfig,
    ScriptedConfig,
    ToolConfig,
    check_strategy,
)
from stigmergy.domain import FailureKind, TokenCaps

AGENTS: TypeAdapter[Any] = TypeAdapter(Annotated[AgentConfig, Field(discriminator="kind")])
MODELS: TypeAdapter[Any] = TypeAdapter(Annotated[ModelConfig, Field(discriminator="kind")])
EVALUATORS: TypeAdapter[Any] = TypeAdapter(Annotated[EvaluatorConfig, Field(discriminator="kind")])


def test_an_agent_is_read_from_plain_data() -> None:
    document = {
        "kind": "llm",
        "model": "small",
        "strategy": "reflect",
        "caps": {"max_model_calls": 2},
        "price": {"per_million_input": 0.15, "per_million_output": "0.6"},
        "deployment": {"num_gpus": 0.5, "min_replicas": 1, "max_replicas": 4},
        "drill": {"refuse_while": "run/drill"},
    }
    assert AGENTS.validate_python(document) == LlmConfig(
        model="small",
        strategy="reflect",
        caps=TokenCaps(max_model_calls=2),
        price=PriceConfig(per_million_input=Decimal("0.15"), per_million_output=Decimal("0.6")),
        deployment=DeploymentConfig(num_gpus=0.5, min_replicas=1, max_replicas=4),
        drill=DrillConfig(refuse_while=Path("run/drill")),
    )


@pytest.mark.parametrize(
    "document",
    [
        {"kind": "tool", "callable": "operator:neg"},
        {"kind": "llm", "model": "small"},
        {"kind": "scripted", "replies": ["a"], "fail_at": {"1": "refused"}},
        {"kind": "workbench", "program": "solver"},
    ],
)
def test_every_kind_of_agent_is_read_and_has_no_price_unless_one_is_stated(document: dict[str, Any]) -> None:
    config = AGENTS.validate_python(document)
    assert config.kind == document["kind"]
    assert config.price is None


@pytest.mark.parametrize("kind", ["exact", "numeric", "json_schema", "unit_test", "workbench"])
def test_every_kind_of_evaluator_is_read_with_defaults(kind: str) -> None:
    assert EVALUATORS.validate_python({"kind": kind}).kind == kind


@pytest.mark.parametrize("document", [{"kind": "openai_compatible", "model": "m"}, {"kind": "scripted"}])
def test_every_kind_of_model_is_read(document: dict[str, Any]) -> None:
    assert MODELS.validate_python(document).kind == document["kind"]


def test_failures_of_a_script_are_kinds_of_failure() -> None:
    config = AGENTS.validate_python({"kind": "scripted", "replies": ["a"], "fail_at": {"1": "refused"}})
    assert config == ScriptedConfig(replies=("a",), fail_at={1: FailureKind.REFUSED})


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ({"kind": "llm", "model": "m", "strategy": "verify"}, "max_model_calls = 1, but strategy 'verify'"),
        ({"kind": "llm", "model": "m", "runs": "process"}, "'loop' or 'deployment'"),
        ({"kind": "llm", "model": "m", "temperature": -1}, "temperature = -1.0: it must be at least 0"),
        ({"kind": "llm", "model": "m", "bytes_per_token": 0.5}, "bytes_per_token = 0.5"),
        ({"kind": "tool"}, "callable"),
        ({"kind": "tool", "callable": "a:b", "timeout_s": 0}, "timeout_s = 0.0: it must be a finite number above 0"),
        ({"kind": "tool", "callable": "a:b", "price": {"per_call": -1}}, "price.per_call = -1"),
        (
            {"kind": "llm", "model": "m", "price": {"per_million_input": "1", "per_million_cached_input": "1.1"}},
            "per_million_cached_input = 1.1: it must be at least 0 and at most price.per_million_input, which is 1",
        ),
        (
            {"kind": "llm", "model": "m", "price": {"per_million_cached_input": "-0.1"}},
            "price.per_million_cached_input = -0.1",
        ),
        ({"kind": "tool", "callable": "a:b", "ability": {"math": 1.5}}, "ability.math = 1.5"),
        ({"kind": "tool", "callable": "a:b", "caps": {"max_model_calls": 0}}, "caps.max_model_calls = 0"),
        ({"kind": "tool", "callable": "a:b", "rate_limit_per_minute": 0}, "rate_limit_per_minute = 0.0"),
        ({"kind": "tool", "callable": "a:b", "deployment": {"min_replicas": 1}}, "stated together"),
        ({"kind": "tool", "callable": "a:b", "deployment": {"num_replicas": 0}}, "num_replicas = 0"),
        ({"kind": "scripted", "replies": []}, "at least one text"),
        ({"kind": "robot"}, "robot"),
    ],
)
def test_a_mistake_is_refused_with_the_value_and_the_rule(document: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError) as caught:
        AGENTS.validate_python(document)
    assert problem in str(caught.value)


def test_caps_that_cover_the_strategy_are_no_problem() -> None:
    assert check_strategy(LlmConfig(model="m", strategy="refine", caps=TokenCaps(max_model_calls=2))) is None


def test_a_tool_waits_on_a_thread_unless_told_otherwise() -> None:
    assert ToolConfig(callable="a:b").runs == "thread"
