from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from math import inf, isnan, nan
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from stigmergy.agents.base import Reply
from stigmergy.domain import NOTHING, FailureKind, Spend, Status, Usage
from stigmergy.platform.episode import events as ev
from stigmergy.platform.episode.codec import decode, encode

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
MONEY = st.decimals(0, 10**6, places=9) | st.sampled_from((Decimal("1E-9"), Decimal("0.10"), Decimal("1E+3")))
FLOATS = st.floats(allow_nan=False)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=4,
)
COUNTS = st.integers(0, 10**9)
SPENDS = st.builds(Spend, MONEY, COUNTS, COUNTS)
REPLIES = st.builds(
    Reply,
    text=TEXT,
    data=st.dictionaries(TEXT, JSON, max_size=2),
    usage=st.builds(Usage, COUNTS, COUNTS, COUNTS, MONEY, FLOATS),
    confidence=st.none() | FLOATS,
    verdict=st.none() | FLOATS,
    canonical=st.none() | TEXT,
    agent=TEXT,
    node=TEXT,
)
OPTIONS = st.builds(
    ev.Option,
    node=TEXT,
    score=FLOATS,
    probability=FLOATS,
    worst_case=SPENDS,
    cost_to_go=st.lists(SPENDS, max_size=2).map(tuple),
    evidence=st.dictionaries(TEXT, FLOATS, max_size=2),
)
GIVEN: dict[str, st.SearchStrategy[Any]] = {
    "charged": SPENDS,
    "reserved": SPENDS,
    "overrun": st.none() | SPENDS,
    "reply": REPLIES,
    "options": st.lists(OPTIONS, max_size=2).map(tuple),
    "refused": st.lists(st.tuples(TEXT, TEXT), max_size=2).map(tuple),
    "reasons": st.lists(st.tuples(TEXT, TEXT), max_size=2).map(tuple),
    "mixture": st.dictionaries(TEXT, FLOATS, max_size=2),
}


def events_of(kind: type[Any]) -> st.SearchStrategy[Any]:
    fields = {name: GIVEN[name] for name in kind.__dataclass_fields__ if name in GIVEN}
    floats = {name: FLOATS for name, field in kind.__dataclass_fields__.items() if field.type == "float"}
    return st.builds(kind, **fields, **floats)


@given(st.one_of(*map(events_of, get_args(ev.Event))))
@settings(max_examples=150, deadline=None)
def test_every_event_comes_back_exactly(event: ev.Event) -> None:
    back = decode(encode(event))
    assert back == event
    assert repr(back) == repr(event)
    assert encode(back) == encode(event)


@pytest.mark.parametrize("kind", get_args(ev.Event))
def test_unknown_fields_are_refused(kind: type[Any]) -> None:
    document = json.loads(encode(SAMPLES[kind]))
    with pytest.raises(ValidationError, match="surprise"):
        decode(json.dumps({**document, "surprise": 1}))
    for name, nested in document.items():
        if isinstance(nested, dict) and name not in ("mixture", "data", "evidence"):
            with pytest.raises(ValidationError, match="surprise"):
                decode(json.dumps({**document, name: {**nested, "surprise": 1}}))


def test_the_main_line_is_stored_without_a_branch_path() -> None:
    chosen = ev.HopChosen(source="a", node="b", decided_by=ev.DecidedBy.ROUTER, probability=1.0)
    assert "branch" not in json.loads(encode(chosen))
    inside = replace(chosen, branch="fan/text")
    assert json.loads(encode(inside))["branch"] == "fan/text"
    assert decode(encode(inside)) == inside


SAMPLES: dict[type[Any], ev.Event] = {
    ev.BranchesStarted: ev.BranchesStarted(node="fan", started=("x", "y"), required=("x",), left_out=(("z", "why"),)),
    ev.BranchLost: ev.BranchLost(branch="fan/y", required=False, loss=0.1, reason="why"),
    ev.PanelAsked: ev.PanelAsked(node="ask", agent="x", rule="r", probability=0.5, refused=(("y", "down"),)),
    ev.Joined: ev.Joined(node="fan", rule="vote", joined=("x",), reply=Reply(text="yes")),
    ev.Accepted: ev.Accepted(
        task_id="t",
        graph="g",
        router="r",
        versions=ev.Versions(graph="1", policy="2", config="3", features="4"),
        mixture={"math": 1.0},
        complexity=0.5,
        max_attempts=2,
    ),
    ev.Rejected: ev.Rejected(reason="guard: none of theirs", probability=0.9),
    ev.HopChosen: ev.HopChosen(source="START", node="a", decided_by=ev.DecidedBy.ROUTER, probability=1.0),
    ev.CallStarted: ev.CallStarted(step="s", node="a", agent="a", attempt=1, reserved=NOTHING),
    ev.CallSucceeded: ev.CallSucceeded(step="s", node="a", agent="a", reply=Reply(text=""), charged=NOTHING),
    ev.CallFailed: ev.CallFailed(
        step="s", node="a", agent="a", attempt=1, failure=FailureKind.ERROR, reason="", charged=NOTHING
    ),
    ev.Cornered: ev.Cornered(position="a", reasons=()),
    ev.Rerouted: ev.Rerouted(source="a", path=("GOAL",), weight=1.0),
    ev.Demoted: ev.Demoted(source="a", path=("GOAL",), dropped=("b",), loss=0.1, weight=1.0),
    ev.Escalated: ev.Escalated(reason="r"),
    ev.BudgetRefused: ev.BudgetRefused(node="a", reason="r"),
    ev.Vetoed: ev.Vetoed(node="a", agent="a", monitor="risk", priority=0.95, reason="r"),
    ev.ApprovalAsked: ev.ApprovalAsked(node="a", agent="a", monitor="risk", priority=0.85, reason="r"),
    ev.ApprovalGiven: ev.ApprovalGiven(node="a", approved=True, by="ann"),
    ev.HandedBack: ev.HandedBack(step="s", node="a", agent="a", reason="r", charged=NOTHING),
    ev.DeadlinePassed: ev.DeadlinePassed(position="a"),
    ev.Cancelled: ev.Cancelled(reason="r"),
    ev.Finished: ev.Finished(status=Status.COMPLETED, reason="r"),
    ev.QualityGiven: ev.QualityGiven(quality=1.0, source="s"),
}


def test_what_was_stored_in_the_first_format_is_read_with_what_the_second_added() -> None:
    old = json.loads(encode(SAMPLES[ev.Accepted]))
    del old["max_hand_backs"]
    assert decode(json.dumps(old)) == SAMPLES[ev.Accepted]


def test_a_reply_of_before_cached_tokens_were_counted_had_none() -> None:
    called = ev.CallSucceeded(step="s", node="a", agent="a", reply=Reply(text="x", usage=Usage(3, 1)), charged=NOTHING)
    old = json.loads(encode(called))
    assert old["reply"]["usage"].pop("cached_tokens") == 0
    assert decode(json.dumps(old)) == called


def test_evidence_may_be_infinite_or_not_a_number() -> None:
    option = ev.Option(
        node="a", score=1.0, probability=1.0, worst_case=NOTHING, cost_to_go=(), evidence={"far": inf, "unknown": nan}
    )
    back = decode(
        encode(
            ev.HopChosen(source="START", node="a", decided_by=ev.DecidedBy.ROUTER, probability=1.0, options=(option,))
        )
    )
    assert isinstance(back, ev.HopChosen)
    evidence = back.options[0].evidence
    assert evidence["far"] == inf
    assert isnan(evidence["unknown"])


def test_reply_data_that_is_no_json_does_not_lose_the_event() -> None:
    reply = Reply(text="done", data={"what": NOTHING.at_most})
    back = decode(encode(ev.CallSucceeded(step="s", node="a", agent="a", reply=reply, charged=NOTHING)))
    assert isinstance(back, ev.CallSucceeded)
    assert "at_most" in back.reply.data["what"]


def test_an_event_of_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValidationError):
        decode('{"kind": "exploded"}')
