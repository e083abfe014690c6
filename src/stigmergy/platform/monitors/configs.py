"""What a graph's configuration says to its monitors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from stigmergy.domain import AgentId, TaskType


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskRule:
    """Hops to ``agent`` that are risky: every condition that is stated has to hold; without any, every hop is.

    ``label`` names a figure or a word: the task's label of that name, and what committed replies have under it in their
    data. ``above``: one of them is a number above this. What is no number, or stated nowhere, counts as above: an
    amount that nobody knows is not a small one. ``among``: one of them is one of these words. ``spend_above_usd``:
    the episode would have cost more than this after the call, at its worst case.
    """

    agent: AgentId
    then: Literal["approve", "veto"] = "approve"
    label: str | None = None
    above: Decimal | None = None
    among: tuple[str, ...] = ()
    spend_above_usd: Decimal | None = None

    def __post_init__(self) -> None:
        conditions = (self.above is not None) + bool(self.among)
        if self.label is None and conditions:
            raise ValueError("above and among are about a label; name it")
        if self.label is not None and conditions != 1:
            raise ValueError(f"say of the label {self.label!r} either above or among")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressConfig:
    """When an episode goes round without getting on; what is left out is not looked at.

    ``max_left_out``: nodes of a line whose agents failed, were vetoed or not approved, or gave the work back.
    ``max_unanswered``: steps in a row whose agents said that they could not do the work. ``max_same_replies``: how
    often one agent may give the same text.
    """

    max_left_out: int | None = None
    max_unanswered: int | None = None
    max_same_replies: int | None = None

    def __post_init__(self) -> None:
        for name in ("max_left_out", "max_unanswered", "max_same_replies"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"{name} = {value}: at least 1, or left out")


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorsConfig:
    """What is looked at before each hop of a graph.

    ``intent`` says which task types an agent may serve: it is vetoed where their share of the query's mixture is below
    ``intent_share``. An agent that is not named serves all, and of a query of unknown type intent says nothing.
    ``min_success_rate`` in [0, 1] is how well an agent must have answered lately; one that is down is always vetoed.
    """

    risk: tuple[RiskRule, ...] = ()
    intent: Mapping[AgentId, tuple[TaskType, ...]] = field(default_factory=dict)
    intent_share: float = 0.5
    progress: ProgressConfig = ProgressConfig()
    min_success_rate: float = 0.0

    def __post_init__(self) -> None:
        for name in ("intent_share", "min_success_rate"):
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise ValueError(f"{name} = {value}: a share in [0, 1]")

    def agents(self) -> Mapping[str, AgentId]:
        """Every agent that is named, by its path in this part of the configuration."""
        risky = {f"risk[{place}].agent": rule.agent for place, rule in enumerate(self.risk)}
        return {**risky, **{f"intent.{agent}": agent for agent in self.intent}}
