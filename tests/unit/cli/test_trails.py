from __future__ import annotations

import json
from typing import TYPE_CHECKING

from stigmergy.wire import (
    ColonyModel,
    EpisodeModel,
    EventModel,
    FootprintModel,
    ServedModel,
    TrailModel,
    TrailsModel,
    TypeTrailsModel,
)

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Run
    from tests.unit.conftest import RecordingServer

LEARNT = TypeTrailsModel(
    episodes=12.5,
    mean_utility=0.75,
    trails=(
        TrailModel(source="dear", target="check", trail=4.0),
        TrailModel(
            source="START", target="dear", trail=2.5, footprints=(FootprintModel(episode="episode-7", amount=0.5),)
        ),
        TrailModel(source="START", target="cheap", trail=0.5, footprints=(FootprintModel(episode="e8", amount=-0.25),)),
    ),
)
KNOWN = TrailsModel(
    graph="workbench",
    colonies=(ColonyModel(colony="hill", version=9, origin="ant_colony-1", episodes=12, types={"arithmetic": LEARNT}),),
)


def by_policy(episode: EpisodeModel, policy: str) -> EpisodeModel:
    first = episode.events[0]
    data = {**first.data, "versions": {"policy": policy}}
    events = (EventModel(seq=0, kind=first.kind, at=first.at, data=data), *episode.events[1:])
    return episode.model_copy(update={"events": events})


def test_trails_are_shown_with_the_episodes_that_made_them(run: Run, server: RecordingServer) -> None:
    server.tells("GET", "/v1/graphs", ServedModel(graphs=("workbench",), routers=(), default_graph="workbench"))
    server.tells("GET", "/v1/graphs/workbench/trails", KNOWN)
    done = run("graph", "trails", "--most", "2")
    assert "colony hill (version 9, begun from ant_colony-1): 12 judged episodes" in done.stdout
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["START", "dear", "2.5", "episode-7", "+0.5"] in lines
    assert "cheap" not in done.stdout


def test_an_episode_is_explained_by_the_trails_on_its_route(
    run: Run, server: RecordingServer, episode: EpisodeModel
) -> None:
    server.tells("GET", "/v1/episodes/episode-1", by_policy(episode, "hill@t3"))
    server.tells("GET", "/v1/graphs/workbench/trails", KNOWN)
    done = run("episodes", "explain", "episode-1")
    assert "What led here: trails of colony hill for arithmetic" in done.stdout
    told = json.loads(run("episodes", "explain", "episode-1", "--json").stdout)
    assert [(each["source"], each["target"]) for each in told["trails"]] == [("START", "dear"), ("dear", "check")]
    assert told["trails"][0]["footprints"] == [{"episode": "episode-7", "amount": 0.5}]


def test_an_episode_by_another_router_was_led_by_no_trails(
    run: Run, server: RecordingServer, episode: EpisodeModel
) -> None:
    server.tells("GET", "/v1/episodes/episode-1", by_policy(episode, "cheapest"))
    server.tells("GET", "/v1/graphs/workbench/trails", KNOWN)
    assert "router ant_colony follows no trails" in run("episodes", "explain", "episode-1").stdout
