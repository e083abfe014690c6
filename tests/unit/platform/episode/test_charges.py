from __future__ import annotations

from decimal import Decimal

from stigmergy.agents.base import Reply
from stigmergy.domain import NOTHING, FailureKind, Spend
from stigmergy.platform.episode.charges import Settlement, charges
from stigmergy.platform.episode.codec import decode, encode
from stigmergy.platform.episode.events import CallFailed, CallStarted, CallSucceeded, HandedBack

WORST, USED = Spend(Decimal(2), 10, 1), Spend(Decimal(1), 4, 1)


def started(step: str, attempt: int = 1, grant: str = "g") -> CallStarted:
    return CallStarted(step=step, node=step, agent="a", attempt=attempt, reserved=WORST, grant=grant)


def failed(step: str, charged: Spend) -> CallFailed:
    return CallFailed(
        step=step, node=step, agent="a", attempt=1, failure=FailureKind.ERROR, reason="no", charged=charged
    )


def succeeded(step: str) -> CallSucceeded:
    return CallSucceeded(step=step, node=step, agent="a", reply=Reply(text="x"), charged=USED)


def test_each_attempt_is_charged_once_for_what_became_of_it() -> None:
    found = charges(
        [
            started("one"),
            started("two"),
            failed("one", NOTHING),
            started("one", 2),
            failed("one", WORST),
            started("one", 3),
            succeeded("one"),
        ]
    )
    assert [(each.step, each.attempt, each.charged, each.settlement) for each in found] == [
        ("one", 1, NOTHING, Settlement.RELEASED),
        ("two", 1, WORST, Settlement.UNKNOWN),
        ("one", 2, WORST, Settlement.WORST_CASE),
        ("one", 3, USED, Settlement.COMMITTED),
    ]


def test_a_grant_is_stored_only_where_there_is_one() -> None:
    assert '"grant":"g"' in encode(started("one"))
    assert "grant" not in encode(started("one", grant=""))
    for event in (started("one"), started("one", grant="")):
        assert decode(encode(event)) == event


def test_work_that_was_given_back_is_charged_what_it_used() -> None:
    given_back = HandedBack(step="one", node="one", agent="a", reason="not mine", charged=USED)
    (charge,) = charges([started("one"), given_back])
    assert (charge.charged, charge.settlement) == (USED, Settlement.COMMITTED)
