from __future__ import annotations

import json

import pytest

from stigmergy import errors
from stigmergy.deployments.api.openai.errors import defect_of, refusal_of
from stigmergy.domain import Status

KNOWN: list[tuple[errors.StigmergyError, int, str, str | None]] = [
    (errors.MalformedRequest((("n", "2"),)), 400, "malformed_request", "n"),
    (errors.Unauthorized("no key was sent"), 401, "invalid_api_key", None),
    (errors.BudgetExhausted("tenant acme", "usd", "0", "0.1"), 429, "insufficient_quota", None),
    (errors.UnknownGraph("g", ("main",)), 404, "model_not_found", "model"),
    (errors.UnknownRouter("r", ("cheapest",)), 404, "model_not_found", "model"),
    (errors.NoTradeOff("cheapest", ()), 400, "no_trade_off", "stigmergy.trade_off"),
    (errors.BudgetTooSmall("usd", "0", "0.1"), 400, "budget_too_small", "stigmergy.budget"),
    (errors.IdempotencyConflict("k", "t"), 409, "idempotency_conflict", None),
    (errors.ServerOverloaded(1.5), 429, "rate_limit_exceeded", None),
    (errors.StoreUnavailable("sqlite:///x", "locked"), 503, "store_unavailable", None),
    (errors.SequenceConflict("e", 1), 500, "sequence_conflict", None),
]
ENDS = [
    (Status.ESCALATED, 500, "escalated"),
    (Status.REFUSED, 400, "query_refused"),
    (Status.CANCELLED, 503, "cancelled"),
    (Status.NEEDS_APPROVAL, 409, "needs_approval"),
    (Status.DEAD_LETTER, 500, "dead_letter"),
]


@pytest.mark.parametrize(("error", "status", "code", "param"), KNOWN)
def test_our_errors_have_the_status_and_the_code_that_openais_clients_know(
    error: errors.StigmergyError, status: int, code: str, param: str | None
) -> None:
    refusal = refusal_of(error)
    told = json.loads(refusal.body())["error"]
    assert (refusal.status, told["code"], told["param"]) == (status, code, param)
    assert told["message"] == str(error)


@pytest.mark.parametrize(("end", "status", "code"), ENDS)
def test_a_run_without_an_answer_is_told_by_how_it_ended(end: Status, status: int, code: str) -> None:
    refusal = refusal_of(errors.NotAnswered("ep_1", end.value, "why"))
    told = refusal.document["error"]
    assert (refusal.status, told["code"]) == (status, code)
    assert told["stigmergy"] == {"episode_id": "ep_1", "status": end.value}


def test_clients_are_told_when_to_come_back_and_when_not_to() -> None:
    assert refusal_of(errors.ServerOverloaded(1.5)).headers == {"x-should-retry": "true", "retry-after": "2"}
    spent = errors.BudgetExhausted("tenant acme", "usd", "0", "0.1")
    assert refusal_of(spent).headers == {"x-should-retry": "false"}
    assert refusal_of(errors.NotAnswered("e", "escalated", "why")).headers == {"x-should-retry": "false"}
    full = refusal_of(errors.AgentsOverloaded("e", "escalated", "why"))
    assert (full.status, full.headers) == (503, {"x-should-retry": "true", "retry-after": "1"})


def test_a_defect_keeps_its_details_to_itself() -> None:
    refusal = defect_of(ZeroDivisionError("secret"))
    assert (refusal.status, "secret" in str(refusal.document)) == (500, False)
