"""Which limit of a budget is too small, and what would do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from stigmergy.domain import Budget, Spend
from stigmergy.errors import BudgetTooSmall

RESOURCES: Final = ("usd", "tokens", "calls")


def too_small(budget: Budget, least: Sequence[Spend]) -> BudgetTooSmall:
    """The error for a budget that allows none of the vectors ``least`` (at least one).

    It names the first resource whose limit alone stands in the way, with the smallest limit that would do while the
    others stay as they are. Where two limits stand in the way it names the first one that the cheapest route exceeds.
    """
    for name in RESOURCES:
        limit = getattr(budget, f"max_{name}")
        enough = [spend for spend in least if _without(budget, name).allows(spend)]
        if limit is not None and enough:
            return BudgetTooSmall(name, amount(limit), amount(min(getattr(spend, name) for spend in enough)))
    cheapest = least[0]
    name = next(n for n in RESOURCES if not _only(budget, n).allows(cheapest))
    return BudgetTooSmall(name, amount(getattr(budget, f"max_{name}")), amount(getattr(cheapest, name)))


def _without(budget: Budget, resource: str) -> Budget:
    return replace(budget, **{f"max_{resource}": None})


def _only(budget: Budget, resource: str) -> Budget:
    return Budget(**{f"max_{resource}": getattr(budget, f"max_{resource}")})


def greatest(a: Spend, b: Spend) -> Spend:
    """The least spend that neither exceeds."""
    return Spend(max(a.usd, b.usd), max(a.tokens, b.tokens), max(a.calls, b.calls))


def amount(value: object) -> str:
    """An amount for a person: money without trailing zeros, never in powers of ten."""
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)
