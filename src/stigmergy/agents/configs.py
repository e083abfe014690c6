"""Agents, models and evaluators as the configuration states them: one frozen record per kind, with a ``kind`` tag.

Plain dataclasses, so that importing them costs nothing; the settings validate them and build the tagged unions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from stigmergy.agents.deployment_config import DeploymentConfig, require
from stigmergy.agents.evaluators.configs import (
    EvaluatorConfig,
    ExactConfig,
    JsonSchemaConfig,
    LlmJudgeConfig,
    NumericConfig,
    UnitTestConfig,
    WorkbenchEvaluatorConfig,
)
from stigmergy.agents.models.configs import (
    EngineLimits,
    ModelConfig,
    NanoConfig,
    OpenAICompatibleConfig,
    PriceConfig,
    ScriptedModelConfig,
    TransformersConfig,
    VllmConfig,
)
from stigmergy.agents.runners import Runs
from stigmergy.agents.strategies import STRATEGIES, StrategyName, uncovered_calls
from stigmergy.domain import FailureKind, TaskType, TokenCaps

__all__ = [
    "AgentConfig",
    "AgentFields",
    "DeploymentConfig",
    "DrillConfig",
    "EngineLimits",
    "EvaluatorConfig",
    "ExactConfig",
    "JsonSchemaConfig",
    "LlmConfig",
    "LlmJudgeConfig",
    "ModelConfig",
    "NanoConfig",
    "NumericConfig",
    "OpenAICompatibleConfig",
    "PriceConfig",
    "ScriptedConfig",
    "ScriptedModelConfig",
    "ToolConfig",
    "TransformersConfig",
    "UnitTestConfig",
    "VllmConfig",
    "WorkbenchConfig",
    "WorkbenchEvaluatorConfig",
    "check_strategy",
    "completes_freely",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillConfig:
    """A fire drill: the agent refuses all work while the file exists."""

    refuse_while: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentFields:
    """What every kind of agent states.

    ``skills`` are texts of what it does and examples of its work, by which a graph with ``retrieval`` finds it.
    ``timeout_s`` and ``expected_latency_s`` are seconds; ``ability`` is a prior in [0, 1] per task type. An agent
    without a price is refused, except that a language model's agent inherits its model's.
    """

    description: str = ""
    skills: tuple[str, ...] = ()
    price: PriceConfig | None = None
    caps: TokenCaps = field(default_factory=TokenCaps)
    timeout_s: float = 30.0
    expected_latency_s: float = 0.1
    rate_limit_per_minute: float | None = None
    effect: str | None = None
    idempotent: bool = False
    ability: Mapping[TaskType, float] = field(default_factory=dict)
    runs: Runs = "loop"
    deployment: DeploymentConfig = field(default_factory=DeploymentConfig)
    drill: DrillConfig | None = None

    def __post_init__(self) -> None:
        for name in ("timeout_s", "expected_latency_s"):
            value = getattr(self, name)
            require(0 < value < float("inf"), name, value, "a finite number above 0")
        for name in ("max_input_tokens", "max_output_tokens"):
            value = getattr(self.caps, name)
            require(value >= 0, f"caps.{name}", value, "at least 0")
        require(self.caps.max_model_calls >= 1, "caps.max_model_calls", self.caps.max_model_calls, "at least 1")
        limit = self.rate_limit_per_minute
        require(limit is None or limit > 0, "rate_limit_per_minute", limit, "above 0, or left out for none")
        for task_type, value in self.ability.items():
            require(0 <= value <= 1, f"ability.{task_type}", value, "in [0, 1]")


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolConfig(AgentFields):
    """A Python callable, as ``package.module:function``, and what it takes: the request or its text alone.

    A coroutine function runs on the event loop, whether ``runs`` says loop, thread or deployment.
    """

    kind: Literal["tool"] = "tool"
    callable: str
    takes: Literal["request", "text"] = "request"
    runs: Runs = "thread"


@dataclass(frozen=True, slots=True, kw_only=True)
class LlmConfig(AgentFields):
    """A language model of the configuration with a role and a strategy; see ``Asking`` for the other fields."""

    kind: Literal["llm"] = "llm"
    model: str
    strategy: StrategyName = "direct"
    role: str = ""
    temperature: float | None = 0.0
    bytes_per_token: float = 1.0
    runs: Literal["loop", "deployment"] = "loop"

    def __post_init__(self) -> None:
        # By name: the class that ``slots`` makes is not the one that ``super()`` remembers.
        AgentFields.__post_init__(self)
        require(self.temperature is None or self.temperature >= 0, "temperature", self.temperature, "at least 0")
        require(self.bytes_per_token >= 1, "bytes_per_token", self.bytes_per_token, "at least 1")
        if problem := check_strategy(self):
            raise ValueError(problem)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedConfig(AgentFields):
    """Replies in order, over and over; ``fail_at`` names failures of single calls, counted from 0."""

    kind: Literal["scripted"] = "scripted"
    replies: tuple[str, ...]
    fail_at: Mapping[int, FailureKind] = field(default_factory=dict)
    runs: Literal["loop", "deployment"] = "loop"

    def __post_init__(self) -> None:
        AgentFields.__post_init__(self)
        require(bool(self.replies), "replies", "[]", "at least one text")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkbenchConfig(AgentFields):
    """A program of the embedded workbench, by name. They compute, so they run in a process of their own."""

    kind: Literal["workbench"] = "workbench"
    program: str
    runs: Runs = "process"


def check_strategy(config: LlmConfig) -> str | None:
    """What is wrong with the caps of an agent whose strategy may ask more often than they cover; None if nothing."""
    return uncovered_calls(config.strategy, STRATEGIES[config.strategy].max_calls, config.caps)


def completes_freely(config: AgentConfig, models: Mapping[str, ModelConfig]) -> bool:
    """Whether a caller's tools and response format reach a language model that takes them, and its completion him."""
    if not isinstance(config, LlmConfig) or not STRATEGIES[config.strategy].verbatim:
        return False
    return isinstance(models[config.model], OpenAICompatibleConfig | VllmConfig)


AgentConfig: TypeAlias = ToolConfig | LlmConfig | ScriptedConfig | WorkbenchConfig
