from __future__ import annotations

import pytest

from stigmergy import errors
from stigmergy.client.errors_from_wire import error_of
from stigmergy.deployments.problems import http_status, malformed, problem_of
from stigmergy.wire import PROBLEM_TYPE

REQUESTS: list[tuple[errors.StigmergyError, int]] = [
    (errors.MalformedRequest((("query", "missing"),)), 400),
    (errors.Unauthorized("no key was sent"), 401),
    (errors.BudgetExhausted("tenant acme", "usd", "0", "0.1"), 402),
    (errors.UnknownGraph("g", ("main",)), 404),
    (errors.UnknownRouter("r", ("cheapest",)), 404),
    (errors.TaskNotFound("t"), 404),
    (errors.EpisodeNotFound("e"), 404),
    (errors.IdempotencyConflict("k", "t"), 409),
    (errors.TaskEnded("t", "completed"), 409),
    (errors.ApprovalNotAsked("t", "it is running"), 409),
    (errors.NoDeadLetter("t", "completed"), 409),
    (errors.InvalidQuery("empty"), 422),
    (errors.InvalidBudget("max_usd", "-1"), 422),
    (errors.BudgetTooSmall("usd", "0", "0.1"), 422),
    (errors.PolicyNotFound("p"), 404),
    (errors.PolicyMoved("p", "it is active"), 409),
    (errors.InvalidPolicy("p", "its artifact cannot be used"), 422),
    (errors.NotOperator("acme"), 403),
    (errors.PromotionRefused("p", "no gain is proven"), 409),
    (errors.NoTradeOff("cheapest", ("learnt",)), 422),
]


def family(root: type[errors.StigmergyError]) -> set[type[errors.StigmergyError]]:
    return {root}.union(*(family(child) for child in root.__subclasses__()))


@pytest.mark.parametrize(("error", "status"), REQUESTS)
def test_what_a_caller_got_wrong_is_its_own_4xx(error: errors.StigmergyError, status: int) -> None:
    assert http_status(error) == status


def test_every_request_error_is_covered_here() -> None:
    assert family(errors.RequestError) - {errors.RequestError} == {type(error) for error, _ in REQUESTS}


@pytest.mark.parametrize("error", [errors.ServerOverloaded(1.5), errors.StoreUnavailable("sqlite:///x", "locked")])
def test_what_will_pass_is_a_503(error: errors.StigmergyError) -> None:
    assert http_status(error) == 503


@pytest.mark.parametrize("error", [errors.AgentFailed("a", "b"), errors.SequenceConflict("e", 1)])
def test_what_a_caller_cannot_help_is_a_500(error: errors.StigmergyError) -> None:
    assert http_status(error) == 500


@pytest.mark.parametrize("error", [error for error, _ in REQUESTS])
def test_a_client_gets_the_same_error_back(error: errors.StigmergyError) -> None:
    problem = problem_of(error)
    back = error_of(problem.status, {"content-type": PROBLEM_TYPE}, problem.model_dump_json().encode())
    assert (type(back), back.args) == (type(error), error.args)


def test_a_malformed_request_names_each_field() -> None:
    found = malformed([{"loc": ("budget", "max_usd"), "msg": "odd"}, {"loc": (), "msg": "no JSON"}])
    assert found.problems == (("budget.max_usd", "odd"), ("body", "no JSON"))
