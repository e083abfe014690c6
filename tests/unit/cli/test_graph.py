from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from stigmergy.errors import UnknownGraph
from stigmergy.wire import (
    EdgeModel,
    EpisodeModel,
    EventModel,
    GraphModel,
    HopModel,
    NodeModel,
    RouteModel,
    ServedModel,
)

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Run
    from tests.unit.conftest import RecordingServer

GRAPH = GraphModel(
    name="workbench",
    version="a1b2",
    description="[real] work",
    default_router="ant_colony",
    nodes=(
        NodeModel(name="cheap", agent="cheap_solver", worst_case_usd=Decimal("0.0010"), response_s=0.02, load=3),
        NodeModel(name="dear", agent="dear_solver", optional=True, available=False, success_rate=0.25),
    ),
    edges=(EdgeModel(source="START", target="cheap", trails={"dates": 0.25, "algebra": 2.0}),),
)


def test_a_graph_is_shown_with_health_and_trails(run: Run, server: RecordingServer) -> None:
    server.tells("GET", "/v1/graphs/workbench", GRAPH)
    done = run("graph", "show", "workbench")
    lines = [line.split() for line in done.stdout.splitlines()]
    assert "[real] work" in done.stdout
    assert ["cheap", "cheap_solver", "yes", "1.00", "20", "ms", "3", "$0.001"] in lines
    assert ["dear", "dear_solver", "no", "0.25", "-", "0", "$0", "optional;"] in lines
    assert ["START", "cheap", "algebra", "2,", "dates", "0.25"] in lines
    assert GraphModel.model_validate_json(run("graph", "show", "workbench", "--json").stdout) == GRAPH


def test_an_unknown_graph_is_named_with_those_that_are_served(run: Run, server: RecordingServer) -> None:
    server.raises("GET", "/v1/graphs/none", UnknownGraph("none", ("workbench",)), 404)
    done = run("graph", "show", "none")
    assert done.exit_code == 1
    assert done.stderr == "error: no graph 'none' is served; known graphs: workbench\n"


def test_a_planned_route_is_explained(run: Run, server: RecordingServer, hops: tuple[HopModel, ...]) -> None:
    planned = RouteModel(graph="workbench", router="ant_colony", mixture={"arithmetic": 0.8, "dates": 0.2}, hops=hops)
    server.tells("GET", "/v1/graphs", ServedModel(graphs=("workbench",), routers=(), default_graph="workbench"))
    server.tells("POST", "/v1/graphs/workbench/route", planned)
    done = run("graph", "route", "What is 2+2?", "--max-usd", "0.5")
    for told in ("START → dear → check", "arithmetic 0.8, dates 0.2", "2.", "cheap", "refused: its breaker is open"):
        assert told in done.stdout
    assert json.loads(server.requests[1].body) == {"query": "What is 2+2?", "budget": {"max_usd": "0.5"}}
    as_json = run("graph", "route", "q", "--graph", "workbench", "--json")
    assert RouteModel.model_validate_json(as_json.stdout) == planned


def test_a_route_says_how_many_agents_were_not_retrieved(
    run: Run, server: RecordingServer, hops: tuple[HopModel, ...]
) -> None:
    narrowed = hops[0].model_copy(update={"not_retrieved": 19_980})
    planned = RouteModel(graph="workbench", router="ant_colony", mixture={}, hops=(narrowed,))
    server.tells("GET", "/v1/graphs", ServedModel(graphs=("workbench",), routers=(), default_graph="workbench"))
    server.tells("POST", "/v1/graphs/workbench/route", planned)
    assert "19,980 more were feasible" in " ".join(run("graph", "route", "What is 2+2?").stdout.split())


def test_the_route_of_an_episode_is_explained_from_its_events(
    run: Run, server: RecordingServer, episode: EpisodeModel, hops: tuple[HopModel, ...]
) -> None:
    server.tells("GET", "/v1/episodes/episode-1", episode)
    told = RouteModel.model_validate_json(run("graph", "route", "--episode", "episode-1", "--json").stdout)
    assert told == RouteModel(graph="workbench", router="ant_colony", mixture={"arithmetic": 1.0}, hops=hops)
    assert "refused: its breaker is open" in run("graph", "route", "--episode", "episode-1").stdout


def test_an_event_that_is_no_hop_is_an_error_not_a_traceback(
    run: Run, server: RecordingServer, episode: EpisodeModel
) -> None:
    broken = EventModel(seq=0, kind="hop_chosen", at=episode.started_at, data={"refused": 5})
    server.tells("GET", "/v1/episodes/episode-1", episode.model_copy(update={"events": (broken,)}))
    done = run("graph", "route", "--episode", "episode-1")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "event 0 is no hop" in done.stderr


@pytest.mark.parametrize("arguments", [(), ("text", "--episode", "e1")])
def test_a_route_is_asked_for_by_text_or_by_episode(run: Run, arguments: tuple[str, ...]) -> None:
    done = run("graph", "route", *arguments)
    assert done.exit_code == 2
    assert "give either TEXT or --episode ID" in done.stderr
