from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from stigmergy.agents.base import Reply
from stigmergy.domain import ESCALATION, Spend
from stigmergy.graphs.overlay import Condition
from stigmergy.platform.episode.state import EpisodeState
from stigmergy.platform.monitors import (
    MonitorsConfig,
    NextHop,
    ProgressConfig,
    RiskRule,
    Ruling,
    Verdict,
    monitors_of,
    ruling,
)
from stigmergy.routers.base import QueryFeatures
from stigmergy.routers.query_features import FeatureReader, HashedNgrams
from stigmergy.testing import agent_profile, task

READER = FeatureReader(HashedNgrams())


def hop(labels: dict[str, str] | None = None, mixture: dict[str, float] | None = None, **facts: Any) -> NextHop:
    features: QueryFeatures = READER.read("refund order 7")
    node = facts.pop("node", "refund")
    return NextHop(
        task=replace(task(), labels=labels or {}),
        node=node,
        agent=agent_profile("refund", 1),
        state=EpisodeState(**facts.pop("state", {})),
        features=features if mixture is None else replace(features, mixture=mixture),
        condition=facts.pop("condition", Condition()),
    )


def verdict(config: MonitorsConfig, of: NextHop) -> Verdict | None:
    return ruling(monitors_of(config), of)


def risk(**facts: Any) -> MonitorsConfig:
    return MonitorsConfig(risk=(RiskRule(agent="refund", **facts),))


LARGE = risk(label="amount_usd", above=Decimal(10_000))


def test_nothing_configured_lets_every_healthy_agent_be_called() -> None:
    assert verdict(MonitorsConfig(), hop()) is None


def test_an_agent_that_is_down_is_vetoed_whatever_else_is_said_of_the_hop() -> None:
    found = verdict(LARGE, hop({"amount_usd": "15000"}, condition=Condition(available=False)))
    assert found == Verdict(monitor="tool_health", priority=0.99, ruling=Ruling.VETO, reason="it is down")
    weak = verdict(MonitorsConfig(min_success_rate=0.5), hop(condition=Condition(success_rate=0.25)))
    assert weak is not None
    assert weak.reason == "25% of its calls went well, below 50%"


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        ({"amount_usd": "15000"}, "amount_usd 15000 is above 10000"),
        ({"amount_usd": " 10000.01 "}, "amount_usd 10000.01 is above 10000"),
        ({"amount_usd": "$15k"}, "amount_usd is $15k, which is no number"),
        ({"amount_usd": "NaN"}, "amount_usd is NaN, which is no number"),
        ({}, "amount_usd is stated nowhere"),
        ({"amount_usd": "10000"}, None),
    ],
)
def test_an_amount_above_the_threshold_or_that_nobody_knows_needs_approval(
    labels: dict[str, str], reason: str | None
) -> None:
    found = verdict(LARGE, hop(labels))
    assert (None if found is None else found.reason) == reason
    if found is not None:
        assert (found.monitor, found.priority, found.ruling) == ("risk", 0.85, Ruling.APPROVE)


def test_an_amount_that_an_earlier_agent_found_counts_as_well() -> None:
    looked_up = (Reply(text="order 7", data={"amount_usd": 15_000.0}),)
    assert verdict(LARGE, hop({"amount_usd": "10"}, state={"replies": looked_up})) is not None
    assert verdict(LARGE, hop(state={"replies": (Reply(text="", data={"amount_usd": 9}),)})) is None


def test_another_agent_is_not_meant() -> None:
    assert verdict(LARGE, replace(hop({"amount_usd": "15000"}), agent=agent_profile("lookup"))) is None


def test_a_word_an_amount_spent_or_nothing_at_all_may_make_a_hop_risky() -> None:
    vip = risk(label="tier", among=("vip", "press"))
    assert [verdict(vip, hop(labels)) is not None for labels in ({"tier": "vip"}, {"tier": "x"}, {})] == [
        True,
        False,
        False,
    ]
    dear = risk(spend_above_usd=Decimal("2.5"))
    found = verdict(dear, hop(state={"charged": Spend(Decimal(2), 0, 1)}))
    assert found is not None
    assert found.reason.startswith("the episode may come to 3.0")
    assert verdict(dear, hop(state={"charged": Spend(Decimal(1), 0, 1)})) is None
    always = verdict(risk(), hop())
    assert always is not None
    assert always.reason == "every hop to it is risky"


def test_all_conditions_of_a_rule_have_to_hold() -> None:
    both = risk(label="amount_usd", above=Decimal(100), spend_above_usd=Decimal(5))
    assert verdict(both, hop({"amount_usd": "200"})) is None
    assert verdict(both, hop({"amount_usd": "200"}, state={"charged": Spend(Decimal(5), 0, 1)})) is not None


def test_the_highest_priority_wins_and_an_approval_silences_no_veto() -> None:
    rules = (
        RiskRule(agent="refund", label="amount_usd", above=Decimal(10_000)),
        RiskRule(agent="refund", label="amount_usd", above=Decimal(50_000), then="veto"),
    )
    config = MonitorsConfig(risk=rules, intent={"refund": ("payments",)})
    of = hop({"amount_usd": "60000"}, {"greetings": 0.7, "payments": 0.3})
    approved = {"state": {"approved": frozenset({"refund"})}}
    priorities = []
    for amount, mixture in (("60000", "greetings"), ("15000", "greetings"), ("15000", "payments"), ("5", "payments")):
        found = verdict(config, hop({"amount_usd": amount}, {mixture: 1.0}))
        priorities.append(None if found is None else found.priority)
    assert priorities == [0.95, 0.90, 0.85, None]
    assert verdict(config, of) is not None
    assert verdict(config, hop({"amount_usd": "15000"}, {"payments": 1.0}, **approved)) is None
    assert verdict(config, hop({"amount_usd": "60000"}, {"payments": 1.0}, **approved)) is not None


def test_an_agent_is_not_called_for_task_types_that_it_does_not_serve() -> None:
    config = MonitorsConfig(intent={"refund": ("payments", "complaints")})
    found = verdict(config, hop(mixture={"greetings": 0.6, "payments": 0.3, "complaints": 0.1}))
    assert found is not None
    assert (found.monitor, found.priority) == ("intent", 0.90)
    assert found.reason == "it serves payments, complaints, and the task is greetings (60%)"
    assert verdict(config, hop(mixture={"payments": 0.3, "complaints": 0.2, "greetings": 0.5})) is None
    assert verdict(config, hop()) is None, "a type that nobody knows is no reason"


@pytest.mark.parametrize(
    ("limits", "state", "reason"),
    [
        (ProgressConfig(max_left_out=1), {"excluded": frozenset("ab")}, "2 nodes had to be left out already"),
        (
            ProgressConfig(max_unanswered=1),
            {"replies": (Reply(text="x"), Reply(text="", answered=False), Reply(text="?", answered=False))},
            "the last 2 agents could not do the work",
        ),
        (
            ProgressConfig(max_same_replies=1),
            {"replies": (Reply(text="4", agent="s"), Reply(text="4", agent="c"), Reply(text="4", agent="s"))},
            "s said the same 2 times",
        ),
    ],
)
def test_a_line_that_does_not_get_on_is_stopped_but_may_be_escalated(
    limits: ProgressConfig, state: dict[str, Any], reason: str
) -> None:
    config = MonitorsConfig(progress=limits)
    found = verdict(config, hop(state=state))
    assert found == Verdict(monitor="progress", priority=0.50, ruling=Ruling.VETO, reason=reason)
    assert verdict(config, hop(state=state, node=ESCALATION)) is None
    assert verdict(config, hop()) is None


def test_a_rule_that_says_too_little_is_refused() -> None:
    with pytest.raises(ValueError, match="name it"):
        RiskRule(agent="a", above=Decimal(1))
    with pytest.raises(ValueError, match="either above or among"):
        RiskRule(agent="a", label="l")
    with pytest.raises(ValueError, match="at least 1"):
        ProgressConfig(max_unanswered=0)
    with pytest.raises(ValueError, match="share"):
        MonitorsConfig(intent_share=1.5)
