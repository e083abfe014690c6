"""What a cluster imports: the application of a configuration that was sent to it as text."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import ray
from ray import serve

from stigmergy.deployments.app import build
from stigmergy.errors import ConfigError
from stigmergy.platform.settings import Settings, settings_from


def application(arguments: Mapping[str, str]) -> serve.Application:
    """The Serve application of ``arguments``: ``config``, a YAML text, and ``folder``, where its relative paths begin.

    Variables in the text are filled in here, from the environment of the cluster: secrets stay there.

    Raises:
        ConfigError: with every mistake and its path in the text.
    """
    settings = settings_from(
        arguments["config"], os.environ, arguments.get("source", "configuration"), Path(arguments.get("folder", "."))
    )
    expect_shared_store(settings, sum(node["Alive"] for node in ray.nodes()))
    return build(settings)


def expect_shared_store(settings: Settings, nodes: int) -> None:
    """Refuse a store that only one of several nodes could reach; raises ConfigError."""
    if nodes > 1 and settings.store.url.startswith(("sqlite:", "memory:")):
        kind = settings.store.url.partition(":")[0]
        problem = f"a {kind} store is for one node, and the cluster has {nodes}; use postgresql"
        raise ConfigError("configuration", (("store.url", problem),))
