from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from stigmergy.agents import configs
from stigmergy.agents.base import Request
from stigmergy.agents.catalog import build_agent, build_evaluator, build_model, profile_of
from stigmergy.agents.configs import (
    LlmConfig,
    LlmJudgeConfig,
    OpenAICompatibleConfig,
    PriceConfig,
    ScriptedConfig,
    ScriptedModelConfig,
    ToolConfig,
    WorkbenchConfig,
)
from stigmergy.agents.evaluators import Evaluator
from stigmergy.agents.models.base import LanguageModel
from stigmergy.agents.runners import SharedRunners
from stigmergy.domain import FailureKind, Price, Task, TokenCaps, Usage
from stigmergy.errors import AgentOverloaded, AgentRefused, ConfigError, UnpricedAgent

Ask = Callable[..., Request]
TaskWith = Callable[..., Task]
FREE = PriceConfig()
CENT = PriceConfig(per_call=Decimal("0.01"))
MODELS = {"small": ScriptedModelConfig(otherwise="Answer: 42\nConfidence: 0.9", price=CENT)}


@pytest.fixture
def models() -> dict[str, LanguageModel]:
    return {name: build_model(name, config, {}) for name, config in MODELS.items()}


async def async_tool(request: Request) -> str:
    return request.text.upper()


def test_a_profile_says_what_the_configuration_says() -> None:
    config = ToolConfig(
        callable="a:b", price=CENT, caps=TokenCaps(1, 2, 3), timeout_s=4, expected_latency_s=5, effect="book",
        idempotent=True, ability={"math": 0.5}, rate_limit_per_minute=6, description="books",
    )  # fmt: skip
    profile = profile_of("clerk", config, {})
    assert (profile.id, profile.price, profile.caps) == ("clerk", Price(Decimal("0.01")), TokenCaps(1, 2, 3))
    assert (profile.timeout_s, profile.expected_latency_s, profile.rate_limit_per_minute) == (4, 5, 6)
    assert (profile.effect, profile.idempotent, profile.ability) == ("book", True, {"math": 0.5})
    assert profile.description == "books"


@pytest.mark.parametrize(
    "config",
    [ToolConfig(callable="operator:neg"), ScriptedConfig(replies=("a",)), WorkbenchConfig(program="scan")],
)
def test_an_agent_without_a_price_is_refused(config: Any) -> None:
    with pytest.raises(UnpricedAgent, match="'clerk' has no price"):
        profile_of("clerk", config, MODELS)
    with pytest.raises(UnpricedAgent):
        build_agent("clerk", config, {})


def test_a_language_models_agent_inherits_its_models_price_unless_it_states_one(
    models: dict[str, LanguageModel],
) -> None:
    inheriting, own = LlmConfig(model="small"), LlmConfig(model="small", price=FREE)
    for config, price in ((inheriting, CENT.price()), (own, FREE.price())):
        assert profile_of("clerk", config, MODELS).price == price
        assert build_agent("clerk", config, models).profile.price == price


def test_a_model_without_a_price_leaves_its_agents_unpriced() -> None:
    with pytest.raises(UnpricedAgent):
        profile_of("clerk", LlmConfig(model="small"), {"small": ScriptedModelConfig()})
    with pytest.raises(UnpricedAgent):
        build_agent("clerk", LlmConfig(model="small"), {"small": build_model("small", ScriptedModelConfig(), {})})


def test_a_model_that_is_not_declared_is_named_with_its_path(models: dict[str, LanguageModel]) -> None:
    for attempt in (
        lambda: profile_of("clerk", LlmConfig(model="large"), MODELS),
        lambda: build_agent("clerk", LlmConfig(model="large"), models),
    ):
        with pytest.raises(ConfigError, match=r"agents\.clerk\.model: no 'large' is declared; known: small"):
            attempt()


async def test_a_tool_is_imported_and_takes_the_request_or_its_text(ask: Ask) -> None:
    on_text = build_agent("t", ToolConfig(callable="html:escape", takes="text", price=FREE), {})
    on_request = build_agent("t", ToolConfig(callable="builtins:repr", price=FREE), {})
    assert (await on_text.call(ask("a < b"))).text == "a &lt; b"
    assert (await on_request.call(ask())).text.startswith("Request(")
    await on_text.aclose()
    await on_request.aclose()


async def test_a_coroutine_function_runs_on_the_loop(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(configs, "async_tool", async_tool, raising=False)
    named = "stigmergy.agents.configs:async_tool"
    agent = build_agent("t", ToolConfig(callable=named, price=FREE), {})
    assert (await agent.call(ask("loud"))).text == "LOUD"
    with pytest.raises(ConfigError, match=r"agents\.t\.runs: .*coroutine function"):
        build_agent("t", ToolConfig(callable=named, price=FREE, runs="process"), {})


@pytest.mark.parametrize("named", ["no_such_module:f", "operator:no_such", "operator", "operator:__doc__", ":f"])
def test_a_callable_that_does_not_exist_is_named_with_its_path(named: str) -> None:
    with pytest.raises(ConfigError, match=r"agents\.t\.callable: "):
        build_agent("t", ToolConfig(callable=named, price=FREE), {})


async def test_an_llm_agent_asks_its_model_by_its_strategy(models: dict[str, LanguageModel], ask: Ask) -> None:
    agent = build_agent("t", LlmConfig(model="small", strategy="chain_of_thought"), models)
    reply = await agent.call(ask())
    assert (reply.text, reply.confidence, reply.usage.usd) == ("42", 0.9, Decimal("0.01"))


async def test_a_scripted_agent_fails_where_it_is_told_to(ask: Ask) -> None:
    config = ScriptedConfig(replies=("a",), fail_at={1: FailureKind.OVERLOADED}, price=FREE)
    agent = build_agent("t", config, {})
    assert (await agent.call(ask())).text == "a"
    with pytest.raises(AgentOverloaded):
        await agent.call(ask())


async def test_a_drill_wraps_the_agent(tmp_path: Path, ask: Ask) -> None:
    config = ScriptedConfig(replies=("a",), price=FREE, drill=configs.DrillConfig(refuse_while=tmp_path))
    with pytest.raises(AgentRefused, match="a drill is on"):
        await build_agent("t", config, {}).call(ask())


async def test_a_workbench_program_runs_in_a_shared_worker_process(ask: Ask) -> None:
    runners = SharedRunners(workers=1)
    scan, plain = (
        build_agent(name, WorkbenchConfig(program=name, price=CENT), {}, runners) for name in ("scan", "plain")
    )
    read = await scan.call(ask("Compute 6 * 7."))
    assert (read.agent, read.usage.usd) == ("scan", Decimal("0.01"))
    assert (await plain.call(ask("Compute 6 * 7.", replies=(read,)))).answered is False
    await runners.aclose()


def test_a_program_that_does_not_exist_is_named_with_its_path() -> None:
    with pytest.raises(ConfigError, match=r"agents\.t\.program: no 'nobody' is declared; known: .*scan"):
        build_agent("t", WorkbenchConfig(program="nobody", price=FREE), {})


def test_a_missing_key_is_named_and_a_server_without_keys_needs_none() -> None:
    config = OpenAICompatibleConfig(model="m", api_key_env="MY_KEY")
    with pytest.raises(ConfigError, match=r"models\.gpt\.api_key_env: the environment variable 'MY_KEY' is not set"):
        build_model("gpt", config, {})
    assert build_model("gpt", config, {"MY_KEY": "k"}).name == "gpt"
    assert build_model("gpt", OpenAICompatibleConfig(model="m", api_key_env=None), {}).price is None


@pytest.mark.parametrize(
    ("config", "reference", "answer", "quality"),
    [
        (configs.ExactConfig(), "a", "A", 1.0),
        (configs.NumericConfig(absolute=1), "10", "11", 1.0),
        (configs.JsonSchemaConfig(schema={"type": "integer"}), None, "1", 1.0),
        (configs.UnitTestConfig(timeout_s=5), "assert x == 1", "x = 1", 1.0),
        (configs.WorkbenchEvaluatorConfig(), "not a workbench reference", "1", None),
        (configs.WorkbenchEvaluatorConfig(), "42", "1", None),
        (configs.WorkbenchEvaluatorConfig(), None, "1", None),
        (configs.WorkbenchEvaluatorConfig(), "{}", None, 0.0),
    ],
)
async def test_every_kind_of_evaluator_is_built(
    config: Any, reference: str | None, answer: str | None, quality: float | None, task_with: TaskWith
) -> None:
    evaluator: Evaluator = build_evaluator(config, {})
    assert await evaluator.evaluate(task_with(reference), answer) == quality


async def test_a_judge_is_priced_by_its_model_and_booked(task_with: TaskWith) -> None:
    booked: list[Usage] = []
    judge = build_model("judge", ScriptedModelConfig(otherwise="0.5", price=CENT), {})
    evaluator = build_evaluator(LlmJudgeConfig(model="judge"), {"judge": judge}, booked.append)
    assert await evaluator.evaluate(task_with("42"), "41") == 0.5
    assert [usage.usd for usage in booked] == [Decimal("0.01")]


def test_a_judge_without_a_price_or_without_a_model_is_refused() -> None:
    unpriced = {"judge": build_model("judge", ScriptedModelConfig(), {})}
    with pytest.raises(UnpricedAgent, match="llm_judge"):
        build_evaluator(LlmJudgeConfig(model="judge"), unpriced)
    with pytest.raises(ConfigError, match="no 'judge' is declared; known: none"):
        build_evaluator(LlmJudgeConfig(model="judge"), {})


def test_the_room_loads_nothing_heavy() -> None:
    heavy = "{'openai', 'sympy', 'ray', 'torch', 'pydantic', 'jsonschema', 'aiohttp', 'sqlalchemy'}"
    script = f"import sys, stigmergy.agents.catalog; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
