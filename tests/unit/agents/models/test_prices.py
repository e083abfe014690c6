from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from stigmergy.agents.catalog import build_model, profile_of
from stigmergy.agents.configs import LlmConfig, OpenAICompatibleConfig, PriceConfig, ScriptedModelConfig
from stigmergy.agents.models.prices import GOOD_FOR, listed_price, price_list, price_of
from stigmergy.domain import Price

LISTED = OpenAICompatibleConfig(model="gpt-4o-mini", api_key_env=None)
STATED = OpenAICompatibleConfig(
    model="gpt-4o-mini", api_key_env=None, price=PriceConfig(per_million_input=Decimal("7"))
)


def test_every_packaged_price_is_exact_dated_and_has_a_source() -> None:
    for listed in price_list().values():
        assert isinstance(listed.per_million_input, Decimal)
        assert 0 < listed.per_million_input <= listed.per_million_output
        cached = listed.per_million_cached_input
        assert cached is None or 0 < cached < listed.per_million_input
        assert isinstance(listed.as_of, date)
        assert listed.source.startswith("https://")


def test_a_model_without_a_stated_price_is_charged_by_the_packaged_one() -> None:
    packaged = price_list()["gpt-4o-mini"].price()

    assert price_of(LISTED) == packaged == build_model("m", LISTED, {}).price
    assert profile_of("clerk", LlmConfig(model="m"), {"m": LISTED}).price == packaged
    assert packaged.per_million_cached_input == Decimal("0.075")


def test_a_stated_price_wins_over_the_packaged_one() -> None:
    assert price_of(STATED) == Price(per_million_input=Decimal("7")) == build_model("m", STATED, {}).price
    assert listed_price(STATED) is None


def test_a_name_that_is_not_listed_exactly_has_no_price() -> None:
    assert price_of(OpenAICompatibleConfig(model="gpt-4o-mini-of-mine")) is None
    assert price_of(ScriptedModelConfig()) is None


def test_a_price_is_old_after_a_year_and_not_before() -> None:
    listed = price_list()["gpt-4o-mini"]

    assert not listed.is_old(listed.as_of + GOOD_FOR)
    assert listed.is_old(listed.as_of + GOOD_FOR + timedelta(days=1))


def test_cached_input_has_the_price_that_the_configuration_states() -> None:
    stated = PriceConfig(per_million_input=Decimal("7"), per_million_cached_input=Decimal("0.7"))

    assert price_of(replace(STATED, price=stated)) == Price(
        per_million_input=Decimal("7"), per_million_cached_input=Decimal("0.7")
    )
