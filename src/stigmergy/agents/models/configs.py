"""Prices and language models as the configuration states them.

Where a model has a ``deployment``, it runs in replicas of its own, which all agents that name it share; where not, it
runs in every process that asks it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, TypeAlias

from stigmergy.agents.deployment_config import DeploymentConfig, require
from stigmergy.agents.models.openai_compatible import LimitField
from stigmergy.agents.models.pool import PoolConfig
from stigmergy.agents.models.replica_routing import ModelDeploymentConfig
from stigmergy.domain import ZERO, Price


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceConfig:
    """A price in USD: per call, and per million tokens. What is left out is 0.

    ``per_million_cached_input`` is for input that the model had read before; left out, it costs what other input costs.
    It is never above that, because a call is reserved as if nothing were cached.
    """

    per_call: Decimal = ZERO
    per_million_input: Decimal = ZERO
    per_million_output: Decimal = ZERO
    per_million_cached_input: Decimal | None = None

    def __post_init__(self) -> None:
        for name in ("per_call", "per_million_input", "per_million_output"):
            value = getattr(self, name)
            require(value.is_finite() and value >= 0, f"price.{name}", value, "a finite number of at least 0")
        cached, most = self.per_million_cached_input, self.per_million_input
        if cached is not None:
            allowed = f"at least 0 and at most price.per_million_input, which is {most}"
            require(cached.is_finite() and 0 <= cached <= most, "price.per_million_cached_input", cached, allowed)

    def price(self) -> Price:
        """The domain's word for it."""
        return Price(self.per_call, self.per_million_input, self.per_million_output, self.per_million_cached_input)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAICompatibleConfig:
    """A model of a server that speaks OpenAI's API.

    ``base_url`` None is ``OPENAI_BASE_URL`` of the environment, or OpenAI itself. ``api_key_env`` names the environment
    variable that holds the key; None: the server asks for none. ``limit_field`` is what it calls the token limit.
    """

    kind: Literal["openai_compatible"] = "openai_compatible"
    base_url: str | None = None
    model: str
    api_key_env: str | None = "OPENAI_API_KEY"
    limit_field: LimitField = "max_tokens"
    pool: PoolConfig = field(default_factory=PoolConfig)
    price: PriceConfig | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedModelConfig:
    """A deterministic model: ``answers`` maps patterns to texts, the first that is found in the question answers."""

    kind: Literal["scripted"] = "scripted"
    answers: Mapping[str, str] = field(default_factory=dict)
    otherwise: str = "ok"
    price: PriceConfig | None = None
    deployment: ModelDeploymentConfig | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineLimits:
    """How much an engine takes on: sequences written side by side, requests that wait, tokens of one request.

    Of ``cached_tokens`` of earlier questions it keeps what it computed, for questions that begin alike; 0: of none.
    """

    max_batch: int = 16
    max_waiting: int = 64
    max_input_tokens: int = 4096
    max_output_tokens: int = 1024
    cached_tokens: int = 0

    def __post_init__(self) -> None:
        for name in ("max_batch", "max_waiting", "max_input_tokens", "max_output_tokens"):
            require(getattr(self, name) >= 1, f"limits.{name}", getattr(self, name), "at least 1")
        require(self.cached_tokens >= 0, "limits.cached_tokens", self.cached_tokens, "at least 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformersConfig:
    """A causal language model of the ``transformers`` package, run by the batching engine.

    ``model`` is a folder or a name on the Hugging Face hub, ``device`` ``auto`` (an accelerator where there is one) or
    what torch calls it, such as ``cpu`` or ``cuda:0``; ``dtype`` ``auto`` is that of the weights.
    """

    kind: Literal["transformers"] = "transformers"
    model: str
    device: str = "auto"
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    limits: EngineLimits = field(default_factory=EngineLimits)
    price: PriceConfig | None = None
    deployment: ModelDeploymentConfig | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NanoConfig:
    """A model that ``stigmergy train nano`` wrote to the folder ``path``, run by the batching engine."""

    kind: Literal["nano"] = "nano"
    path: Path
    device: str = "auto"
    limits: EngineLimits = field(default_factory=EngineLimits)
    price: PriceConfig | None = None
    deployment: ModelDeploymentConfig | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VllmConfig:
    """A model that vLLM runs on Ray Serve (``ray.serve.llm``), in replicas that all agents share.

    ``model`` is a folder or a name on the Hugging Face hub, ``engine_kwargs`` are vLLM's own, ``tensor_parallel`` the
    number of GPUs that one replica spreads over; it reserves them itself, so ``deployment`` states none. Which tokens
    it had cached vLLM tells with ``enable_prompt_tokens_details: true`` among the ``engine_kwargs``.
    """

    kind: Literal["vllm"] = "vllm"
    model: str
    engine_kwargs: Mapping[str, Any] = field(default_factory=dict)
    tensor_parallel: int = 1
    pool: PoolConfig = field(default_factory=PoolConfig)
    price: PriceConfig | None = None
    deployment: DeploymentConfig = field(default_factory=DeploymentConfig)

    def __post_init__(self) -> None:
        require(self.tensor_parallel >= 1, "tensor_parallel", self.tensor_parallel, "at least 1")
        for name in ("num_cpus", "num_gpus"):
            value = getattr(self.deployment, name)
            require(value == 0, f"deployment.{name}", value, "left out: vLLM reserves what it needs")
        stated = self.engine_kwargs.get("tensor_parallel_size", self.tensor_parallel)
        require(stated == self.tensor_parallel, "engine_kwargs.tensor_parallel_size", stated, "that of tensor_parallel")


ModelConfig: TypeAlias = OpenAICompatibleConfig | ScriptedModelConfig | TransformersConfig | NanoConfig | VllmConfig


def deployment_of(config: ModelConfig) -> ModelDeploymentConfig | None:
    """How a model is deployed; None where it runs in the process that asks it, or is deployed otherwise."""
    return None if isinstance(config, OpenAICompatibleConfig | VllmConfig) else config.deployment
