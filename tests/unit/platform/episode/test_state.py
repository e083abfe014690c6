from __future__ import annotations

from dataclasses import fields, replace

import pytest

from stigmergy.platform.episode.state import EpisodeState, Phase

STATE = EpisodeState(phase=Phase.CALLING, target="solve", attempt=1, route=("parse",))


def test_a_changed_state_is_what_a_replaced_one_is() -> None:
    changed = STATE.but(phase=Phase.WAITING, visits=3)
    assert changed == replace(STATE, phase=Phase.WAITING, visits=3)
    assert (STATE.phase, STATE.visits) == (Phase.CALLING, 0)
    assert changed.__dict__.keys() == {field.name for field in fields(EpisodeState)}


def test_a_field_that_is_none_is_refused() -> None:
    with pytest.raises(TypeError, match="no atempt"):
        STATE.but(atempt=2)


def test_a_changed_state_cannot_be_changed_in_place() -> None:
    with pytest.raises(AttributeError):
        STATE.but(visits=1).visits = 2  # type: ignore[misc]
