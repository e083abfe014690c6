"""What models cost: as the configuration states it, else by the packaged list of public prices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import yaml

from stigmergy.agents.models.configs import ModelConfig, OpenAICompatibleConfig
from stigmergy.domain import Price

_LIST: Final = Path(__file__).with_name("prices.yaml")
GOOD_FOR: Final = timedelta(days=365)
"""A listed price that is older may well be another one by now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPrice:
    """A public price in USD per million tokens, the day on which it was known to hold, and where it stood.

    ``per_million_cached_input`` None: none is listed for input that the model had read before.
    """

    per_million_input: Decimal
    per_million_output: Decimal
    per_million_cached_input: Decimal | None
    as_of: date
    source: str

    def price(self) -> Price:
        """The domain's word for it."""
        return Price(
            per_million_input=self.per_million_input,
            per_million_output=self.per_million_output,
            per_million_cached_input=self.per_million_cached_input,
        )

    def is_old(self, today: date) -> bool:
        """Whether it was looked up more than a year ago."""
        return today - self.as_of > GOOD_FOR


@cache
def price_list() -> Mapping[str, ListedPrice]:
    """The packaged prices by the name that a server knows the model by."""
    listed = yaml.safe_load(_LIST.read_text(encoding="utf-8"))["models"]
    return MappingProxyType({name: _listed(stated) for name, stated in listed.items()})


def _listed(stated: Mapping[str, Any]) -> ListedPrice:
    return ListedPrice(
        per_million_input=Decimal(stated["input"]),
        per_million_output=Decimal(stated["output"]),
        per_million_cached_input=Decimal(stated["cached"]) if "cached" in stated else None,
        as_of=stated["as_of"],
        source=stated["source"],
    )


def listed_price(config: ModelConfig) -> ListedPrice | None:
    """The packaged price that a model without a stated one is charged by; None where there is none.

    It goes by the exact name, whichever server is asked, so a server of one's own that uses a listed name needs a
    price of its own.
    """
    if config.price is not None or not isinstance(config, OpenAICompatibleConfig):
        return None
    return price_list().get(config.model)


def price_of(config: ModelConfig) -> Price | None:
    """What a model costs: its stated price, else the packaged one, else None."""
    stated = config.price or listed_price(config)
    return None if stated is None else stated.price()
