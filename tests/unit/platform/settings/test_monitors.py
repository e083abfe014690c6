"""Monitors as they are configured."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import yaml

from stigmergy.errors import ConfigError
from stigmergy.platform.monitors import MonitorsConfig, ProgressConfig, RiskRule
from stigmergy.platform.settings import settings_from


def document(monitors: Any) -> str:
    agent = {"kind": "scripted", "replies": ["x"], "price": {}}
    graph = {"stages": [["crm"], ["refund"]], "router": "cheapest", "monitors": monitors}
    routers = {"cheapest": {"kind": "cheapest"}}
    return yaml.safe_dump({"agents": {"crm": agent, "refund": agent}, "graphs": {"support": graph}, "routers": routers})


def problems(monitors: Any) -> dict[str, str]:
    with pytest.raises(ConfigError) as refused:
        settings_from(document(monitors), {})
    return dict(refused.value.problems)


def test_monitors_are_read_per_graph() -> None:
    monitors = {
        "risk": [
            {"agent": "refund", "label": "amount_usd", "above": 10000},
            {"agent": "refund", "spend_above_usd": "0.5", "then": "veto"},
        ],
        "intent": {"refund": ["complaint"]},
        "progress": {"max_unanswered": 2},
        "min_success_rate": 0.2,
    }
    found = settings_from(document(monitors), {}).graphs["support"].monitors
    assert found == MonitorsConfig(
        risk=(
            RiskRule(agent="refund", label="amount_usd", above=Decimal(10_000)),
            RiskRule(agent="refund", spend_above_usd=Decimal("0.5"), then="veto"),
        ),
        intent={"refund": ("complaint",)},
        progress=ProgressConfig(max_unanswered=2),
        min_success_rate=0.2,
    )


@pytest.mark.parametrize(
    ("monitors", "path", "words"),
    [
        ({"risk": [{"agent": "refund", "then": "ask"}]}, "risk[0].then", "'approve' or 'veto'"),
        ({"risk": [{"agent": "refund", "above": 1}]}, "risk[0]", "name it"),
        ({"risk": [{"agent": "refund", "label": "l", "above": "much"}]}, "risk[0].above", "much"),
        ({"risk": [{"agent": "refund", "over": 1}]}, "risk[0].over", "unknown key"),
        (
            {"risk": [{"agent": "ghost"}]},
            "risk[0].agent",
            "no agent 'ghost' works in this graph; its agents: crm, refund",
        ),
        ({"intent": {"ghost": ["x"]}}, "intent.ghost", "no agent 'ghost'"),
        ({"progress": {"max_unanswered": 0}}, "progress", "at least 1"),
        ({"intent_share": 2}, "", "a share in [0, 1]"),
    ],
)
def test_a_mistake_is_told_with_its_path(monitors: Any, path: str, words: str) -> None:
    found = problems(monitors)
    whole = f"graphs.support.monitors.{path}".rstrip(".")
    assert words in found.get(whole, f"nothing at {whole}: {found}")
