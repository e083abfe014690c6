"""A configuration put on a cluster: the document that Serve takes, and the wait until everything runs as it says."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from stigmergy.deployments.serve_api import ServeApi
from stigmergy.deployments.vllm import sent_to_cluster
from stigmergy.errors import DeployFailed, RolloutTimedOut
from stigmergy.platform.settings import ServingConfig, serving_of_text, settings_from, unset_variables
from stigmergy.platform.settings.shape import read_text

APPLICATION = "stigmergy"
IMPORT_PATH = "stigmergy.deployments.builder:application"
_FAILED = ("DEPLOY_FAILED", "UNHEALTHY")
_RUNNING = "RUNNING"
_LOOK_EVERY_S = 0.5
_PROXIES = {"head": "HeadOnly", "every_node": "EveryNode"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """A configuration as text, where it was read, where its relative paths begin on the cluster, and how to listen.

    It is ``checked`` where every variable in it was known on this side. ``before`` is the text that it replaces.
    """

    config: str
    source: str
    folder: str
    serving: ServingConfig
    checked: bool
    before: str = ""

    def document(self) -> dict[str, Any]:
        """What ``PUT /api/serve/applications/`` takes.

        Serve replaces replicas, a few at a time, when ``args`` change, and none when they do not.
        """
        return {
            "proxy_location": _PROXIES[self.serving.proxies],
            "http_options": {"host": self.serving.host, "port": self.serving.port},
            "applications": [
                {
                    "name": APPLICATION,
                    "route_prefix": "/",
                    "import_path": IMPORT_PATH,
                    "args": self._arguments(),
                },
                *sent_to_cluster(self.config),
            ],
        }

    def _arguments(self) -> dict[str, str]:
        told = {"config": self.config, "source": self.source, "folder": self.folder}
        return told | {"before": self.before} if self.before else told

    def replacing(self, deployed: Mapping[str, str]) -> Rollout:
        """The same, in place of what is ``deployed``; sent twice, it replaces what the first one did."""
        same = deployed.get("config") == self.config
        return replace(self, before=deployed.get("before" if same else "config", ""))


def read_rollout(path: Path, environ: Mapping[str, str], folder: str) -> Rollout:
    """The rollout of a file, whose variables stay as they are written.

    Raises:
        ConfigError: with every mistake and its path; where variables are not set here, only those about ``serving``.
    """
    text = read_text(path)
    checked = not unset_variables(text, environ)
    serving = (
        settings_from(text, environ, str(path), path.parent).serving
        if checked
        else serving_of_text(text, environ, str(path))
    )
    return Rollout(config=text, source=path.name, folder=folder, serving=serving, checked=checked)


def roll_out(api: ServeApi, rollout: Rollout, within_s: float) -> None:
    """Deploy, and wait until every replica runs what was sent.

    Raises:
        DeployFailed: the cluster could not build or start it, and says why; what ran before runs on.
        RolloutTimedOut: it is under way still.
        ClusterUnreachable, ClusterRefused: as every question to the cluster.
    """
    document = rollout.replacing(_arguments_of(_ours(api.serving()))).document()
    api.put(document)
    until, said = time.monotonic() + within_s, "nothing yet"
    while time.monotonic() < until:
        told = _told(api.serving(), document)
        for each in told:
            if each["status"] in _FAILED:
                raise DeployFailed(_reasons(each))
        if told:
            said = next((str(each["status"]) for each in told if each["status"] != _RUNNING), _RUNNING)
        if said == _RUNNING:
            return
        time.sleep(_LOOK_EVERY_S)
    raise RolloutTimedOut(within_s, said)


def _ours(serving: Mapping[str, Any]) -> Mapping[str, Any] | None:
    found: Mapping[str, Any] | None = serving.get("applications", {}).get(APPLICATION)
    return found


def _told(serving: Mapping[str, Any], document: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """What the cluster says of each application that was sent; nothing while it speaks of what ran before."""
    known = serving.get("applications", {})
    told = tuple(known.get(sent["name"], {}) for sent in document["applications"])
    sent = tuple(each["args"] for each in document["applications"])
    return told if tuple(map(_arguments_of, told)) == sent else ()


def _arguments_of(told: Mapping[str, Any] | None) -> Mapping[str, str]:
    found: Mapping[str, str] = ((told or {}).get("deployed_app_config") or {}).get("args") or {}
    return found


def _reasons(told: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Of the deployments that say something, what; else what the application says."""
    deployments = told.get("deployments") or {}
    found = [(name, last_sentence(each["message"])) for name, each in deployments.items() if each.get("message")]
    return tuple(found) or (("application", last_sentence(told.get("message") or json.dumps(told["status"]))),)


def last_sentence(message: str) -> str:
    """Of a nested traceback, the line that says what was wrong."""
    return next((line.strip() for line in reversed(message.splitlines()) if line.strip()), message)
