"""What Ray raises for a call, in our words. Asks for the served application first: Ray reads its settings on import."""

from __future__ import annotations

from typing import Any

import pytest

from stigmergy import errors

pytestmark = pytest.mark.ray


def test_back_pressure_was_not_sent_and_is_overload(served: Any) -> None:
    from ray.serve.exceptions import BackPressureError

    from stigmergy.deployments.translate_errors import agent_error

    error = agent_error("a", BackPressureError(num_queued_requests=1, max_queued_requests=1))
    assert isinstance(error, errors.AgentOverloaded)
    assert not error.charges_worst_case


def test_a_dead_replica_is_a_hard_signal_and_charged(served: Any) -> None:
    from ray.exceptions import ActorDiedError, ActorUnavailableError

    from stigmergy.deployments.translate_errors import agent_error

    for raised in (ActorDiedError(), ActorUnavailableError("away", b"0" * 16)):
        error = agent_error("a", raised)
        assert isinstance(error, errors.AgentLost)
        assert error.charges_worst_case


def test_everything_else_is_a_failed_call_in_one_line(served: Any) -> None:
    from stigmergy.deployments.translate_errors import agent_error

    error = agent_error("a", ValueError("first\nsecond"))
    assert isinstance(error, errors.AgentFailed)
    assert error.reason == "ValueError: first"
