"""Configs of routers and selections, and the catalog that builds from them."""

from __future__ import annotations

from typing import Any, get_args, get_type_hints

import pytest
from pydantic import TypeAdapter, ValidationError

from stigmergy.routers import configs as c
from stigmergy.routers.ant_colony import AntColonyRouter
from stigmergy.routers.catalog import build_router, build_routers, build_selection
from stigmergy.routers.selection import EpsilonGreedy, Greedy, Proportional, Softmax

ROUTERS: TypeAdapter[Any] = TypeAdapter(c.RouterConfig)


# A trained one needs its artifact: the contract suite and test_gnn_router build them.
TRAINED = (c.EstimatorConfig, c.GnnConfig, c.PolicyConfig)


@pytest.mark.parametrize("kind", [kind for kind in get_args(c.RouterConfig) if kind not in TRAINED])
def test_every_kind_of_router_can_be_built(kind: type) -> None:
    config = kind(route=("a",)) if kind is c.FixedPathConfig else kind()
    router = build_router("mine", config)
    assert hasattr(router, "scores")
    assert hasattr(router, "learn")
    assert build_selection(config.selection).probabilities([1.0])


def test_kinds_tell_the_configs_apart() -> None:
    unions = get_args(c.RouterConfig), get_args(c.SelectionConfig)
    for members in unions:
        kinds = [get_args(get_type_hints(member)["kind"]) for member in members]
        assert len(set(kinds)) == len(members)


@pytest.mark.parametrize(
    ("config", "built"),
    [
        (c.GreedyConfig(), Greedy),
        (c.SoftmaxConfig(), Softmax),
        (c.EpsilonConfig(), EpsilonGreedy),
        (c.ProportionalConfig(), Proportional),
    ],
)
def test_every_kind_of_selection_can_be_built(config: c.SelectionConfig, built: type) -> None:
    assert isinstance(build_selection(config), built)


def test_a_router_that_learns_explores_by_default() -> None:
    chances = build_selection(c.AntColonyConfig().selection).probabilities([1.0, 3.0])
    assert min(chances) > 0.0


@pytest.mark.parametrize(
    ("kind", "facts", "named"),
    [
        (c.SoftmaxConfig, {"temperature": 0.0}, "temperature = 0.0"),
        (c.EpsilonConfig, {"epsilon": 1.5}, "epsilon = 1.5: it must be at least 0 and at most 1"),
        (c.ProportionalConfig, {"power": -1.0}, "power = -1.0"),
        (c.DijkstraConfig, {"max_penalty": 0.5}, "max_penalty = 0.5"),
        (c.AntColonyConfig, {"trail_low": 0.0}, "trail_low = 0.0"),
        (c.AntColonyConfig, {"rho": float("nan")}, "rho = nan"),
        (c.HeuristicConfig, {"floor": 0.0}, "floor = 0.0"),
    ],
)
def test_a_figure_out_of_range_is_refused_by_name(kind: type, facts: dict[str, float], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        kind(**facts)


def test_settings_read_configs_by_their_kind() -> None:
    read = ROUTERS.validate_python({"kind": "ant_colony", "alpha": 2, "selection": {"kind": "epsilon", "epsilon": 0.2}})
    assert read == c.AntColonyConfig(alpha=2.0, selection=c.EpsilonConfig(epsilon=0.2))
    with pytest.raises(ValidationError, match="epsilon = 3"):
        ROUTERS.validate_python({"kind": "random", "selection": {"kind": "epsilon", "epsilon": 3}})


def test_routers_of_one_colony_share_what_they_learn() -> None:
    ants = c.AntColonyConfig(colony="nest")
    built = build_routers({"a": ants, "b": ants, "alone": c.AntColonyConfig()})
    a, b, alone = built["a"], built["b"], built["alone"]
    assert isinstance(a, AntColonyRouter)
    assert isinstance(b, AntColonyRouter)
    assert isinstance(alone, AntColonyRouter)
    assert a.colony == b.colony == "nest"
    assert alone.colony == "alone"
    assert a.trails is b.trails
