from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from stigmergy.errors import EpisodeNotFound
from stigmergy.wire import EpisodeModel, EpisodePageModel

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Run
    from tests.unit.conftest import RecordingServer


@pytest.fixture
def three(server: RecordingServer, episode: EpisodeModel) -> RecordingServer:
    """Three episodes on two pages."""
    named = [episode.model_copy(update={"id": f"episode-{n}", "events": ()}) for n in (1, 2, 3)]
    pages = (
        EpisodePageModel(episodes=tuple(named[:2]), next_cursor="c"),
        EpisodePageModel(episodes=tuple(named[2:])),
    )
    server.tells("GET", "/v1/episodes", *pages)
    return server


def test_episodes_of_all_pages_are_listed(run: Run, three: RecordingServer) -> None:
    done = run("episodes", "list", "--graph", "workbench", "--status", "completed")
    assert done.exit_code == 0
    for told in ("episode-1", "episode-2", "episode-3", "2026-01-01 00:00:01", "dear → check", "$0.012", "arithmetic"):
        assert told in done.stdout
    assert three.requests[0].query == {"graph": "workbench", "status": "completed", "limit": "20"}


def test_the_limit_is_kept(run: Run, three: RecordingServer) -> None:
    done = run("episodes", "list", "--limit", "2", "--json")
    assert [episode["id"] for episode in json.loads(done.stdout)] == ["episode-1", "episode-2"]
    assert len(three.requests) == 1


def test_no_episodes_are_an_empty_list(run: Run, server: RecordingServer) -> None:
    server.tells("GET", "/v1/episodes", EpisodePageModel(episodes=()))
    assert json.loads(run("episodes", "list", "--json").stdout) == []
    assert run("episodes", "list").exit_code == 0


def test_an_episode_is_shown_with_its_events(run: Run, server: RecordingServer, episode: EpisodeModel) -> None:
    server.tells("GET", "/v1/episodes/episode-1", episode)
    done = run("episodes", "show", "episode-1")
    for told in ("397.8", "1.5 s", "accepted", "hop_chosen", "source START, node dear, decided_by router"):
        assert told in done.stdout
    as_json = run("episodes", "show", "episode-1", "--json")
    assert EpisodeModel.model_validate_json(as_json.stdout) == episode


def test_an_episode_that_is_not_there_is_named(run: Run, server: RecordingServer) -> None:
    server.raises("GET", "/v1/episodes/none", EpisodeNotFound("none"), 404)
    done = run("episodes", "show", "none")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "no episode 'none'" in done.stderr


def test_a_limit_below_one_and_an_unknown_status_are_usage_errors(run: Run) -> None:
    assert run("episodes", "list", "--limit", "0").exit_code == 2
    assert run("episodes", "list", "--status", "lost").exit_code == 2
