"""What a cluster imports: the application of a configuration that was sent to it as text."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import ray
from ray import serve

from stigmergy.deployments.app import build
from stigmergy.errors import ConfigError
from stigmergy.platform.settings import Settings, settings_from

logger = logging.getLogger(__name__)


def application(arguments: Mapping[str, str]) -> serve.Application:
    """The Serve application of ``arguments``: ``config``, a YAML text, and ``folder``, where its relative paths begin.

    Variables in the text are filled in here, from the environment of the cluster: secrets stay there. ``before`` is the
    text that was served until now, if any: tasks that began on its graphs end on them.

    Raises:
        ConfigError: with every mistake and its path in the text.
    """
    source, folder = arguments.get("source", "configuration"), Path(arguments.get("folder", "."))
    settings = settings_from(arguments["config"], os.environ, source, folder)
    expect_shared_store(settings, sum(node["Alive"] for node in ray.nodes()))
    return build(replace(settings, before=_before(arguments.get("before", ""), folder)))


def _before(config: str, folder: Path) -> Settings | None:
    """What was served until now; one that cannot be read any more (a file of it is gone) holds no rollout up."""
    if not config:
        return None
    try:
        return settings_from(config, os.environ, "before", folder)
    except ConfigError as error:
        logger.warning("tasks that began on the configuration before cannot go on elsewhere: %s", error)
        return None


def expect_shared_store(settings: Settings, nodes: int) -> None:
    """Refuse a store that only one of several nodes could reach; raises ConfigError."""
    if nodes > 1 and settings.store.url.startswith(("sqlite:", "memory:")):
        kind = settings.store.url.partition(":")[0]
        problem = f"a {kind} store is for one node, and the cluster has {nodes}; use postgresql"
        raise ConfigError("configuration", (("store.url", problem),))
