"""The prices of models that a configuration leaves to the packaged list, and models that have none at all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from stigmergy.agents.configs import LlmConfig, LlmJudgeConfig
from stigmergy.agents.models.prices import listed_price, price_of
from stigmergy.platform.settings.document import Problem
from stigmergy.platform.settings.records import Settings

_UNPRICED: Final = (
    "no price is stated, and the packaged list has none for this model (see `stigmergy models prices`); state one "
    "(a free model states {}), or no budget can be kept"
)


def unpriced_models(settings: Settings) -> Iterator[Problem]:
    """Every model without a price that an agent or a judge goes by, at its own path and once."""
    for name in _inherited_from(settings):
        config = settings.models.get(name)
        if config is not None and price_of(config) is None:
            yield f"models.{name}.price", _UNPRICED


def old_prices(settings: Settings, today: date) -> tuple[Problem, ...]:
    """The models that are charged by packaged prices of more than a year ago, by path."""
    listed = (
        (name, listed_price(settings.models[name])) for name in _inherited_from(settings) & settings.models.keys()
    )
    return tuple(
        (
            f"models.{name}.price",
            f"is the packaged one of {found.as_of}; compare it with {found.source} and state it",
        )
        for name, found in sorted(listed)
        if found is not None and found.is_old(today)
    )


def _inherited_from(settings: Settings) -> set[str]:
    """The models whose own price somebody is charged by."""
    agents = [config for config in settings.agents.values() if isinstance(config, LlmConfig)]
    judges = [graph.evaluator for graph in settings.graphs.values() if isinstance(graph.evaluator, LlmJudgeConfig)]
    asking: list[LlmConfig | LlmJudgeConfig] = [*agents, *judges]
    return {each.model for each in asking if each.price is None}
