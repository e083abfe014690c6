"""The oracle on graphs whose answers can be counted by hand."""

from __future__ import annotations

from typing import Any

import pytest

from stigmergy.bench.healing.oracle import causes, judge, left_undone

SUPPORT: dict[str, Any] = {"stages": [["crm"], ["stripe", "razorpay"], ["mail"]], "nodes": {"mail": {"agent": "mail"}}}
OPTIONAL: dict[str, Any] = {
    "stages": [["a"], ["b", "c"]],
    "nodes": {
        "b": {"agent": "b", "optional": True, "loss": 0.3},
        "c": {"agent": "x", "optional": True, "loss": 0.1},
    },
}
FAN: dict[str, Any] = {
    "edges": {"START": ["fan", "direct"], "direct": ["GOAL"], "fan": ["GOAL"]},
    "nodes": {
        "fan": {
            "kind": "fan_out",
            "branches": {
                "text": {"graph": {"stages": [["text", "reader"]]}},
                "spam": {"graph": {"stages": [["spam"]]}, "required": False, "loss": 0.1},
            },
        }
    },
}


@pytest.mark.parametrize(
    ("dead", "dropped"),
    [
        (set(), frozenset()),
        ({"stripe"}, frozenset()),
        ({"stripe", "razorpay"}, None),
        ({"mail"}, None),
        ({"crm", "stripe"}, None),
    ],
)
def test_a_stage_needs_one_of_its_agents(dead: set[str], dropped: frozenset[str] | None) -> None:
    assert judge(SUPPORT, dead).dropped == dropped


def test_of_optional_nodes_the_cheapest_loss_is_dropped_and_only_when_needed() -> None:
    assert judge(OPTIONAL, {"b"}).feasible
    assert judge(OPTIONAL, {"b", "x"}).dropped == frozenset({"c"})
    assert judge(OPTIONAL, {"a", "b"}).infeasible


def test_a_fan_out_needs_its_required_branches_and_names_the_others_that_are_lost() -> None:
    assert judge(FAN, {"direct", "reader"}).feasible
    assert judge(FAN, {"direct", "spam"}).dropped == frozenset({"fan/spam"})
    assert judge(FAN, {"direct", "text", "reader"}).infeasible
    assert judge(FAN, {"spam"}).feasible


def test_what_is_left_undone_is_told_from_what_was_done() -> None:
    tools = {"crm", "stripe", "razorpay", "mail"}
    assert left_undone(SUPPORT, {"crm", "razorpay", "mail"}, tools).feasible
    assert left_undone(SUPPORT, {"crm", "mail"}, tools).infeasible


def test_causes_are_the_members_of_the_least_sets_that_close_every_way() -> None:
    assert causes(SUPPORT, {"stripe", "mail"}) == {"mail"}
    assert causes(SUPPORT, {"stripe", "razorpay", "mail"}) == {"stripe", "razorpay", "mail"}
    assert causes(SUPPORT, {"stripe"}) == frozenset()
