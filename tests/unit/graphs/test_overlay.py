"""Health laid over a graph."""

from __future__ import annotations

from stigmergy.graphs.overlay import ALL_HEALTHY, HEALTHY, Condition, Overlay


def test_an_agent_that_is_not_named_is_healthy() -> None:
    assert ALL_HEALTHY.of("anyone") is HEALTHY
    assert ALL_HEALTHY.unavailable() == frozenset()


def test_only_agents_that_are_down_are_unavailable() -> None:
    slow, down = Condition(response_s=9.0), Condition(available=False)
    overlay = Overlay(3, {"slow": slow, "down": down})
    assert overlay.of("slow") is slow
    assert overlay.unavailable() == {"down"}
