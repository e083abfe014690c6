"""From configuration to agents, models and evaluators: the one module of this room that knows them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from inspect import iscoroutinefunction
from typing import Final, TypeVar, assert_never

from stigmergy.agents import configs
from stigmergy.agents.base import Agent, Reply, Request
from stigmergy.agents.configs import AgentConfig, EvaluatorConfig, ModelConfig
from stigmergy.agents.drill import DrillAgent
from stigmergy.agents.evaluators import (
    Evaluator,
    ExactEvaluator,
    JsonSchemaEvaluator,
    LlmJudge,
    NumericEvaluator,
    UnitTestEvaluator,
    WorkbenchEvaluator,
)
from stigmergy.agents.evaluators.judge import unbooked
from stigmergy.agents.llm import Asking, LlmAgent
from stigmergy.agents.models.base import LanguageModel
from stigmergy.agents.models.openai_compatible import NO_KEY, OPENAI_URL, OpenAICompatibleModel
from stigmergy.agents.models.prices import price_of
from stigmergy.agents.models.scripted import ScriptedModel
from stigmergy.agents.runners import LoopRunner, Program, Runner, Runs, own_runner
from stigmergy.agents.scripted import FailingAt, InOrder, ScriptedAgent
from stigmergy.agents.strategies import STRATEGIES
from stigmergy.agents.tool import OnText, ToolAgent
from stigmergy.domain import AgentId, AgentProfile, Price, Usage
from stigmergy.errors import ConfigError, MissingExtra, UnpricedAgent

_SOURCE: Final = "configuration"
_T = TypeVar("_T")


def profile_of(name: AgentId, config: AgentConfig, models: Mapping[str, ModelConfig]) -> AgentProfile:
    """What the configuration says of an agent, without building it.

    Raises:
        UnpricedAgent: neither the agent nor its model states a price, and none is packaged for the model.
        ConfigError: it names a model that is not declared.
    """
    price = config.price.price() if config.price is not None else None
    if price is None and isinstance(config, configs.LlmConfig):
        price = price_of(_known(f"agents.{name}.model", config.model, models))
    if price is None:
        raise UnpricedAgent(name)
    return _profile(name, config, price)


def _profile(name: AgentId, config: AgentConfig, price: Price) -> AgentProfile:
    return AgentProfile(
        id=name,
        description=config.description,
        body=_body(config),
        price=price,
        caps=config.caps,
        timeout_s=config.timeout_s,
        expected_latency_s=config.expected_latency_s,
        rate_limit_per_minute=config.rate_limit_per_minute,
        effect=config.effect,
        idempotent=config.idempotent,
        ability=dict(config.ability),
    )


def _body(config: AgentConfig) -> str:
    prompt = config.role if isinstance(config, configs.LlmConfig) else ""
    return "\n".join(part for part in (prompt, *config.skills) if part)


def build_agent(
    name: AgentId,
    config: AgentConfig,
    models: Mapping[str, LanguageModel],
    runner_for: Callable[[Runs], Runner] = own_runner,
) -> Agent:
    """The agent as it runs in this process; for ``runs: deployment``, as it runs inside its replica.

    ``runner_for`` is ``own_runner`` (the agent closes what it got) or a ``SharedRunners``.

    Raises:
        UnpricedAgent: neither the agent nor its model states a price.
        ConfigError: it names a model, callable or program that does not exist.
    """
    agent = _build(name, config, models, runner_for)
    return DrillAgent(agent, config.drill.refuse_while) if config.drill else agent


def _build(
    name: AgentId, config: AgentConfig, models: Mapping[str, LanguageModel], runner_for: Callable[[Runs], Runner]
) -> Agent:
    match config:
        case configs.ToolConfig():
            program = _imported(name, config)
            return ToolAgent(_priced(name, config, None), program, _tool_runner(name, config, program, runner_for))
        case configs.LlmConfig():
            model = _known(f"agents.{name}.model", config.model, models)
            asking = Asking(role=config.role, temperature=config.temperature, bytes_per_token=config.bytes_per_token)
            return LlmAgent(_priced(name, config, model.price), model, STRATEGIES[config.strategy], asking)
        case configs.ScriptedConfig():
            return ScriptedAgent(_priced(name, config, None), FailingAt(InOrder(config.replies), config.fail_at))
        case configs.WorkbenchConfig():
            _check_program(name, config.program)
            return ToolAgent(_priced(name, config, None), WorkbenchProgram(config.program), runner_for(config.runs))
        case _:
            assert_never(config)


def _priced(name: AgentId, config: AgentConfig, inherited: Price | None) -> AgentProfile:
    price = config.price.price() if config.price is not None else inherited
    if price is None:
        raise UnpricedAgent(name)
    return _profile(name, config, price)


@dataclass(frozen=True, slots=True)
class WorkbenchProgram:
    """A program of the workbench by name, so that it and what it needs load only where it runs."""

    name: str

    def __call__(self, request: Request) -> Reply:
        """Run the program."""
        from stigmergy.agents.workbench.programs import PROGRAMS

        reply: Reply = PROGRAMS[self.name](request)
        return reply


def _check_program(agent: AgentId, program: str) -> None:
    from stigmergy.agents.workbench.programs import PROGRAMS

    _known(f"agents.{agent}.program", program, PROGRAMS)


def _imported(name: AgentId, config: configs.ToolConfig) -> Program:
    module, _, function = config.callable.partition(":")
    try:
        found = getattr(import_module(module), function)
    except (ImportError, AttributeError, ValueError) as error:
        problem = f"{config.callable!r} cannot be imported ({error}); write package.module:function"
        raise ConfigError(_SOURCE, ((f"agents.{name}.callable", problem),)) from error
    if not callable(found):
        problem = f"{config.callable!r} is {type(found).__name__}, not a callable"
        raise ConfigError(_SOURCE, ((f"agents.{name}.callable", problem),))
    return OnText(found) if config.takes == "text" else found


def _tool_runner(
    name: AgentId, config: configs.ToolConfig, program: Program, runner_for: Callable[[Runs], Runner]
) -> Runner:
    if not iscoroutinefunction(program.function if isinstance(program, OnText) else program):
        return runner_for(config.runs)
    if config.runs == "process":
        problem = f"{config.callable!r} is a coroutine function, which no worker process can run; say loop"
        raise ConfigError(_SOURCE, ((f"agents.{name}.runs", problem),))
    return LoopRunner()


def build_model(name: str, config: ModelConfig, environ: Mapping[str, str]) -> LanguageModel:
    """The model; nothing is connected before its first call.

    Raises:
        ConfigError: the environment variable that should hold its key is not set, or vLLM would run it.
        MissingExtra: it runs in this process, and torch is not installed.
    """
    price = price_of(config)
    match config:
        case configs.OpenAICompatibleConfig():
            base_url = config.base_url or environ.get("OPENAI_BASE_URL") or OPENAI_URL
            key = _api_key(name, config.api_key_env, environ)
            return OpenAICompatibleModel(name, config.model, base_url, key, price, config.limit_field, config.pool)
        case configs.ScriptedModelConfig():
            return ScriptedModel(name, tuple(config.answers.items()), config.otherwise, price)
        case configs.TransformersConfig() | configs.NanoConfig():
            return _batched(name, config, price)
        case configs.VllmConfig():
            raise ConfigError(_SOURCE, ((f"models.{name}.kind", "vLLM runs on Ray Serve alone; serve or deploy it"),))
        case _:
            assert_never(config)


def _batched(name: str, config: configs.TransformersConfig | configs.NanoConfig, price: Price | None) -> LanguageModel:
    """A model that runs in this process. Its weights are loaded at its first call, torch is loaded here."""
    try:
        from stigmergy.agents.models.batching.batched_model import BatchedModel
        from stigmergy.agents.models.batching.engine import BatchEngine
        from stigmergy.agents.models.nano.decoder import load_nano_decoder
        from stigmergy.agents.models.transformers_engine import load_transformers
    except ModuleNotFoundError as error:
        raise MissingExtra(str(error.name).partition(".")[0], "transformers") from None
    load = (
        partial(load_nano_decoder, name, config)
        if isinstance(config, configs.NanoConfig)
        else partial(load_transformers, name, config)
    )
    return BatchedModel(name, BatchEngine(name, load, config.limits), price)


def _api_key(name: str, variable: str | None, environ: Mapping[str, str]) -> str:
    if variable is None:
        return NO_KEY
    if not (key := environ.get(variable)):
        problem = f"the environment variable {variable!r} is not set; set it, or say null if the server asks for no key"
        raise ConfigError(_SOURCE, ((f"models.{name}.api_key_env", problem),))
    return key


def build_evaluator(
    config: EvaluatorConfig, models: Mapping[str, LanguageModel], book: Callable[[Usage], None] = unbooked
) -> Evaluator:
    """The evaluator. ``book`` is told what a judging language model used.

    Raises:
        UnpricedAgent: a judge's model has no price.
        ConfigError: it names a model that is not declared.
    """
    match config:
        case configs.ExactConfig():
            return ExactEvaluator()
        case configs.NumericConfig():
            return NumericEvaluator(config.relative, config.absolute)
        case configs.JsonSchemaConfig():
            return JsonSchemaEvaluator(config.schema)
        case configs.UnitTestConfig():
            return UnitTestEvaluator(config.timeout_s, config.memory_mib)
        case configs.LlmJudgeConfig():
            return _judge(config, models, book)
        case configs.WorkbenchEvaluatorConfig():
            return WorkbenchEvaluator()
        case _:
            assert_never(config)


def _judge(
    config: configs.LlmJudgeConfig, models: Mapping[str, LanguageModel], book: Callable[[Usage], None]
) -> LlmJudge:
    model = _known("evaluator.model", config.model, models)
    price = config.price.price() if config.price is not None else model.price
    if price is None:
        raise UnpricedAgent(f"llm_judge on {config.model}")
    return LlmJudge(model, price, config.criteria, config.timeout_s, book)


def _known(path: str, name: str, declared: Mapping[str, _T]) -> _T:
    if name not in declared:
        problem = f"no {name!r} is declared; known: {', '.join(sorted(declared)) or 'none'}"
        raise ConfigError(_SOURCE, ((path, problem),))
    return declared[name]
