"""Trails as a file, and a colony that begins from it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.errors import InvalidArtifact
from stigmergy.graphs.footprints import Footprint
from stigmergy.graphs.pheromones import NO_TRAILS, Trails
from stigmergy.graphs.trail_delta import TrailDelta
from stigmergy.routers.artifact_file import Origin
from stigmergy.routers.catalog import build_routers
from stigmergy.routers.colony_artifact import load_trails, save_trails
from stigmergy.routers.configs import AntColonyConfig
from stigmergy.routers.trail_sharing import TrailSharing

ORIGIN = Origin(data={"log.parquet": "ab"}, code="cd", config={"rho": 0.02}, queries=3)
TYPES = st.sampled_from(("math", "code"))
NODES = st.sampled_from(("START", "a", "b"))
AMOUNTS = st.floats(-5.0, 5.0)
PER_TYPE = st.dictionaries(TYPES, AMOUNTS, max_size=2)
EDGES = st.dictionaries(TYPES, st.dictionaries(st.tuples(NODES, NODES), AMOUNTS, min_size=1), max_size=2)
AGENTS = st.dictionaries(NODES, st.dictionaries(TYPES, AMOUNTS, min_size=1), max_size=2)
UTILITIES = st.dictionaries(TYPES, st.tuples(AMOUNTS, AMOUNTS), max_size=2)


def filled() -> Trails:
    return NO_TRAILS.apply(
        TrailDelta(
            log_tau={"math": {("START", "a"): 1.5, ("a", "GOAL"): -0.5}},
            utility_sum={"math": 2.0},
            utility_count={"math": 4.0},
            successes={"a": {"math": 3.0}},
            trials={"a": {"math": 4.0}, "b": {"code": 1.0}},
            episodes=4,
            footprints={"math": {("START", "a"): (Footprint("ep_1", 0.75), Footprint("ep_2", -0.25))}},
        )
    )


@settings(max_examples=25, deadline=None)
@given(log_tau=EDGES, tau=EDGES, tried=AGENTS, utilities=UTILITIES, episodes=st.integers(0, 9))
def test_trails_come_back_as_they_were(
    tmp_path_factory: pytest.TempPathFactory,
    log_tau: dict[str, dict[tuple[str, str], float]],
    tau: dict[str, dict[tuple[str, str], float]],
    tried: dict[str, dict[str, float]],
    utilities: dict[str, tuple[float, float]],
    episodes: int,
) -> None:
    total = TrailDelta(
        log_tau=log_tau,
        tau=tau,
        utility_sum={task_type: total for task_type, (total, _) in utilities.items()},
        utility_count={task_type: count for task_type, (_, count) in utilities.items()},
        successes=tried,
        trials=tried,
        episodes=episodes,
    )
    path = tmp_path_factory.mktemp("trails") / "trails.npz"
    save_trails(path, Trails(total), ORIGIN)
    assert load_trails(path).trails.total == total


def test_footprints_are_kept_and_the_file_tells_what_it_contains(tmp_path: Path) -> None:
    path = tmp_path / "trails.npz"
    saved = save_trails(path, filled(), ORIGIN)
    loaded = load_trails(path)
    assert loaded.trails.total == filled().total
    assert (loaded.version, loaded.trails.origin) == (saved.version, saved.version)
    told = loaded.describe()
    assert told["episodes"] == 4
    assert told["task_types"] == ["code", "math"]
    assert told["agents"] == ["a", "b"]
    assert told["edges"] == ["START -> a", "a -> GOAL"]
    assert told["data"] == {"log.parquet": "ab"}


def test_equal_trails_give_equal_files(tmp_path: Path) -> None:
    for name in ("one", "other"):
        save_trails(tmp_path / name, filled(), ORIGIN)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "trails.npz"
    path.write_bytes(b"no trails")
    with pytest.raises(InvalidArtifact, match="cannot be read"):
        load_trails(path)


def test_a_colony_begins_from_its_artifact_whichever_of_its_routers_asks(tmp_path: Path) -> None:
    path = tmp_path / "trails.npz"
    version = save_trails(path, filled(), ORIGIN).version
    config = AntColonyConfig(colony="hill", artifact=path)
    for router in build_routers({"learns": config, "uses": config}).values():
        assert isinstance(router, TrailSharing)
        assert (router.trails.origin, router.trails.total.episodes) == (version, 4)
