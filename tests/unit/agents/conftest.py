"""What the tests of this room share: a profile and a request with only the fields that a test states."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from stigmergy.agents.base import Request
from stigmergy.domain import AgentProfile, Price, Task, TokenCaps

CAPS = TokenCaps(4096, 256, 2)
PRICE = Price(Decimal("0.001"), Decimal(1), Decimal(2))


@pytest.fixture
def profile_with() -> Callable[..., AgentProfile]:
    def build(**fields: Any) -> AgentProfile:
        return replace(AgentProfile(id="worker", price=PRICE, caps=CAPS), **fields)

    return build


@pytest.fixture
def profile(profile_with: Callable[..., AgentProfile]) -> AgentProfile:
    return profile_with()


@pytest.fixture
def ask() -> Callable[..., Request]:
    def build(text: str = "what is six by seven?", **fields: Any) -> Request:
        return replace(Request(text=text, step_key="episode/step", timeout_s=20.0, caps=CAPS), **fields)

    return build


@pytest.fixture
def task_with() -> Callable[..., Task]:
    def build(reference: str | None, text: str = "what is six by seven?") -> Task:
        created = datetime(2026, 1, 1, tzinfo=UTC)
        return Task(id="t", text=text, graph="g", router="r", reference=reference, created_at=created)

    return build
