from __future__ import annotations

import pytest

from stigmergy import errors


def test_only_what_was_provably_not_sent_is_not_charged() -> None:
    free = {
        error.__name__
        for error in (
            errors.AgentFailed,
            errors.AgentTimedOut,
            errors.AgentRefused,
            errors.AgentUnavailable,
            errors.AgentLost,
            errors.AgentOverloaded,
            errors.InvalidReply,
            errors.InputTooLong,
        )
        if not error.charges_worst_case
    }
    assert free == {"AgentRefused", "AgentUnavailable", "AgentOverloaded", "InputTooLong"}


def test_a_lost_agent_is_an_unavailable_one() -> None:
    assert issubclass(errors.AgentLost, errors.AgentUnavailable)


def test_every_problem_of_a_configuration_has_its_own_line() -> None:
    error = errors.ConfigError("stigmergy.yaml", (("agents.a", "has no price"), ("routers", "is missing")))
    assert str(error) == "stigmergy.yaml: 2 problems\n  agents.a: has no price\n  routers: is missing"
    assert str(errors.ConfigError("x", (("a", "b"),))).startswith("x: 1 problem\n")


def test_a_cycle_is_drawn_back_to_where_it_began() -> None:
    assert "a -> b -> a" in str(errors.CycleFound(("a", "b")))


def test_long_lists_of_names_are_cut_with_their_number() -> None:
    text = str(errors.UnknownGraph("g", tuple(f"graph-{n:02}" for n in range(20))))
    assert "graph-11 and 8 more" in text
    assert "graph-12" not in text


def test_where_nothing_is_known_none_is_said() -> None:
    assert str(errors.UnknownAgent("a", ())).endswith("known agents: none")


@pytest.mark.parametrize("reasons", [(), (("a", "down"), ("b", "needs usd 1, 0 left"))])
def test_an_impasse_says_why_each_hop_is_out(reasons: tuple[tuple[str, str], ...]) -> None:
    text = str(errors.NoFeasibleHop("START", reasons))
    assert all(f"{node}: {reason}" in text for node, reason in reasons)
    assert ("it has no successors" in text) == (not reasons)
