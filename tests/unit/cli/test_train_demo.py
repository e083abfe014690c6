from __future__ import annotations

from pathlib import Path

import pytest

from stigmergy.cli.train_demo.fresh import FreshRun, difference
from stigmergy.cli.train_demo.stage import LEARNT, SERVED, set_stage
from stigmergy.cli.train_demo.timing import Phases
from stigmergy.routers.configs import AntColonyConfig, EpsilonConfig, GreedyConfig


def test_one_colony_explores_in_service_and_is_asked_for_what_it_has_learnt(tmp_path: Path) -> None:
    routers = set_stage(tmp_path).settings.routers
    served, learnt = routers[SERVED], routers[LEARNT]
    assert isinstance(served, AntColonyConfig)
    assert isinstance(learnt, AntColonyConfig)
    assert served.colony == learnt.colony
    assert isinstance(served.selection, EpsilonConfig)
    assert learnt.selection == GreedyConfig()


def test_a_gain_is_counted_task_by_task() -> None:
    before = FreshRun(0.5, 0.001, {"a": 4}, (0.0, 1.0, 0.0, 1.0))
    after = FreshRun(0.75, 0.001, {"b": 4}, (0.5, 1.5, 0.5, 1.5))
    gain = difference(after, before)
    assert (gain.mean, gain.low, gain.high) == pytest.approx((0.5, 0.5, 0.5))


def test_parts_of_one_name_add_up() -> None:
    phases = Phases()
    for name in ("log", "judge", "log"):
        with phases.timed(name):
            pass
    assert list(phases.seconds) == ["log", "judge"]
    assert all(seconds >= 0.0 for seconds in phases.seconds.values())
