from __future__ import annotations

from decimal import Decimal

import pytest

from stigmergy import errors, wire
from stigmergy.deployments.api.accepting import Submission, body_hash, parsed, task_from
from stigmergy.domain import Task
from stigmergy.platform.keyring import Asker
from stigmergy.platform.settings import Settings, settings_from
from stigmergy.testing import EPOCH

SETTINGS: Settings = settings_from(
    """
agents:
  a: {kind: scripted, replies: [x], price: {}}
graphs:
  main: {stages: [[a]], router: cheapest, budget: {max_usd: "1", deadline_s: 10}}
routers: {cheapest: {kind: cheapest}}
""",
    {},
)


def taken(asked: wire.TaskRequest) -> Task:
    return task_from(asked, SETTINGS, Submission(Asker("acme", "ci"), EPOCH))


@pytest.mark.parametrize(
    "asked",
    [
        wire.TaskRequest(),
        wire.TaskRequest(query=""),
        wire.TaskRequest(query=" \t\n\u3000"),
        wire.TaskRequest(messages=(wire.MessageModel(role="user", content=" "),)),
        wire.TaskRequest(query="x" * 1_000_001),
        wire.TaskRequest(query="é" * 500_001),
        wire.TaskRequest(query="a\x00b"),
        wire.TaskRequest(query="a", messages=(wire.MessageModel(role="user", content="a\x00b"),)),
        wire.TaskRequest(query="a", labels={"team": "a\x00b"}),
        wire.TaskRequest(query="a", reference="a\x00b"),
        wire.TaskRequest(query="half \ud800 of a pair"),
        wire.TaskRequest(query="a", task_type="\udfff"),
    ],
)
def test_a_query_that_cannot_be_kept_is_refused(asked: wire.TaskRequest) -> None:
    with pytest.raises(errors.InvalidQuery):
        taken(asked)


def test_a_query_of_exactly_the_limit_is_taken() -> None:
    assert len(taken(wire.TaskRequest(query="x" * 1_000_000)).text) == 1_000_000


@pytest.mark.parametrize(
    "budget",
    [
        wire.BudgetModel(max_usd=Decimal(-1)),
        wire.BudgetModel(max_usd=Decimal("1e400")),
        wire.BudgetModel(max_tokens=-1),
        wire.BudgetModel(max_calls=-1),
        wire.BudgetModel(deadline_s=1e300),
        wire.BudgetModel.model_construct(max_usd=Decimal("NaN"), max_tokens=None, max_calls=None, deadline_s=None),
    ],
)
def test_a_limit_that_is_none_is_refused(budget: wire.BudgetModel) -> None:
    with pytest.raises(errors.InvalidBudget):
        taken(wire.TaskRequest(query="x").model_copy(update={"budget": budget}))


def test_what_a_request_leaves_out_is_the_graphs() -> None:
    task = taken(wire.TaskRequest(query="x", budget=wire.BudgetModel(max_calls=3)))
    assert (task.graph, task.router) == ("main", "cheapest")
    assert (task.budget.max_usd, task.budget.max_calls) == (Decimal(1), 3)
    assert task.budget.deadline is not None
    assert (task.budget.deadline - EPOCH).total_seconds() == 10


def test_an_unknown_graph_is_named_with_the_known_ones() -> None:
    with pytest.raises(errors.UnknownGraph, match="main"):
        taken(wire.TaskRequest(query="x", graph="other"))


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"query": 1}', b'{"qery": "x"}', b'{"query": "\\ud800"}', b"\xff"]
)
def test_a_body_that_cannot_be_read_is_malformed(body: bytes) -> None:
    with pytest.raises(errors.MalformedRequest):
        parsed(wire.TaskRequest, body)


def test_two_bodies_have_two_hashes() -> None:
    assert body_hash(b"a") != body_hash(b"b")
