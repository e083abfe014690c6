from __future__ import annotations

from datetime import timedelta

import pytest
import yaml

from stigmergy.agents.models.prices import GOOD_FOR, price_list
from stigmergy.errors import ConfigError
from stigmergy.platform.settings import Settings, old_prices, settings_from

AS_OF = price_list()["gpt-4o"].as_of


def asking(model: dict[str, object], *, judged: bool = False) -> str:
    graph: dict[str, object] = {"stages": [["clerk", "clerk2"]], "router": "cheapest"}
    if judged:
        graph["evaluator"] = {"kind": "llm_judge", "model": "m"}
    agent: dict[str, object] = {"kind": "llm", "model": "m"} | ({"price": {}} if judged else {})
    return yaml.safe_dump(
        {
            "models": {"m": {"kind": "openai_compatible", "api_key_env": None, **model}},
            "agents": {"clerk": agent, "clerk2": agent},
            "graphs": {"g": graph},
            "routers": {"cheapest": {"kind": "cheapest"}},
        }
    )


def settings(model: dict[str, object], *, judged: bool = False) -> Settings:
    return settings_from(asking(model, judged=judged), {})


@pytest.mark.parametrize("judged", [False, True])
def test_a_model_without_any_price_is_told_once_and_at_the_model(judged: bool) -> None:
    with pytest.raises(ConfigError) as refused:
        settings({"model": "mine"}, judged=judged)

    (problem,) = refused.value.problems
    assert problem[0] == "models.m.price"
    assert "stigmergy models prices" in problem[1]


def test_a_packaged_price_is_enough_for_agents_and_judges() -> None:
    assert settings({"model": "gpt-4o"}).profiles()["clerk"].price == price_list()["gpt-4o"].price()
    assert settings({"model": "gpt-4o"}, judged=True).graphs["g"].evaluator is not None


def test_a_packaged_price_of_more_than_a_year_ago_is_named_with_its_source() -> None:
    ((path, warning),) = old_prices(settings({"model": "gpt-4o"}), AS_OF + GOOD_FOR + timedelta(days=1))

    assert path == "models.m.price"
    assert str(AS_OF) in warning
    assert price_list()["gpt-4o"].source in warning


def test_prices_that_are_young_or_stated_are_no_reason_to_warn() -> None:
    long_after = AS_OF + 3 * GOOD_FOR

    assert old_prices(settings({"model": "gpt-4o"}), AS_OF) == ()
    assert old_prices(settings({"model": "gpt-4o", "price": {}}), long_after) == ()
