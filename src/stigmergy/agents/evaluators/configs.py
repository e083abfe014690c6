"""Evaluators as the configuration states them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from stigmergy.agents.deployment_config import require
from stigmergy.agents.models.configs import PriceConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class ExactConfig:
    """The normalised answer is the normalised reference."""

    kind: Literal["exact"] = "exact"


@dataclass(frozen=True, slots=True, kw_only=True)
class NumericConfig:
    """The answer's last number is the reference's, within ``max(relative x reference, absolute)``."""

    kind: Literal["numeric"] = "numeric"
    relative: float = 1e-6
    absolute: float = 1e-9

    def __post_init__(self) -> None:
        require(self.relative >= 0, "relative", self.relative, "at least 0")
        require(self.absolute >= 0, "absolute", self.absolute, "at least 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonSchemaConfig:
    """The answer is JSON that fits ``schema``; without one, that fits the task's reference."""

    kind: Literal["json_schema"] = "json_schema"
    schema: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitTestConfig:
    """The answer's code passes the reference's tests within seconds and MiB."""

    kind: Literal["unit_test"] = "unit_test"
    timeout_s: float = 10.0
    memory_mib: int = 512

    def __post_init__(self) -> None:
        require(0 < self.timeout_s < float("inf"), "timeout_s", self.timeout_s, "a finite number above 0")
        # A fresh interpreter takes some 20 MiB before it runs a line.
        require(self.memory_mib >= 64, "memory_mib", self.memory_mib, "at least 64")  # noqa: PLR2004


@dataclass(frozen=True, slots=True, kw_only=True)
class LlmJudgeConfig:
    """A language model of the configuration scores the answer. ``price`` None is the model's own."""

    kind: Literal["llm_judge"] = "llm_judge"
    model: str
    criteria: str = ""
    timeout_s: float = 30.0
    price: PriceConfig | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkbenchEvaluatorConfig:
    """The workbench judges its own tasks."""

    kind: Literal["workbench"] = "workbench"


EvaluatorConfig: TypeAlias = (
    ExactConfig | NumericConfig | JsonSchemaConfig | UnitTestConfig | LlmJudgeConfig | WorkbenchEvaluatorConfig
)
