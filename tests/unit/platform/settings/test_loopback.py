"""Where a server without keys may listen."""

from __future__ import annotations

import pytest

from stigmergy.errors import ConfigError
from stigmergy.platform.settings import settings_from

TEXT = """
agents: {a: {kind: scripted, replies: [hi], price: {}}}
graphs: {g: {stages: [[a]], router: r}}
routers: {r: {kind: dijkstra}}
serving: {host: "%s"}
"""


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.9", "localhost", "::1"])
def test_loopback_is_taken(host: str) -> None:
    assert settings_from(TEXT % host, {}).serving.host == host


@pytest.mark.parametrize("host", ["0.0.0.0", "10.1.2.3", "example.org", ""])
def test_anything_else_is_refused_while_there_are_no_keys(host: str) -> None:
    with pytest.raises(ConfigError, match=r"serving\.host.*not loopback"):
        settings_from(TEXT % host, {})
