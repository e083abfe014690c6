"""From a registered policy to the router that it is."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping
from pathlib import Path

from stigmergy.errors import ConfigError, InvalidArtifact, InvalidPolicy, MissingExtra, UnfitPolicy
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.platform.engine import RouterInService
from stigmergy.platform.policy_records import NewPolicy, PolicyRecord
from stigmergy.platform.settings import Settings
from stigmergy.platform.settings.loading import router_from
from stigmergy.platform.snapshots.serving import check_fit
from stigmergy.routers.artifact_bytes import place_artifact
from stigmergy.routers.base import Router
from stigmergy.routers.catalog import build_selection, load_trained
from stigmergy.routers.configs import RouterConfig


def fingerprint_of(artifact: bytes) -> str:
    """sha256 of the bytes: what policies know their artifact by. Of a folder: of its files, sorted by path."""
    return hashlib.sha256(artifact).hexdigest()


class PolicyLoader:
    """Builds policies by the catalog of routers."""

    def __init__(self, settings: Settings, graphs: Mapping[str, AgentGraph]) -> None:
        self._settings = settings
        self._graphs = graphs

    def load(self, record: PolicyRecord, artifact: bytes) -> RouterInService:
        """The policy, ready to decide.

        Raises:
            InvalidPolicy: its document or artifact is wrong, does not fit the graphs, or needs what is not installed.
        """
        return self.built(record.policy, record.name, artifact)

    def built(self, policy: NewPolicy, name: str, artifact: bytes) -> RouterInService:
        """As ``load``, for a policy that may have no version yet."""
        if policy.router not in self._settings.routers:
            known = ", ".join(self._settings.routers)
            raise InvalidPolicy(name, f"no router {policy.router!r} is configured whose place it could take: {known}")
        if fingerprint_of(artifact) != policy.fingerprint:
            raise InvalidPolicy(name, f"its artifact does not have the fingerprint {policy.fingerprint}")
        try:
            router, config = self._router(policy, name, artifact)
        except InvalidArtifact as error:
            raise InvalidPolicy(name, f"its artifact cannot be used: {error.reason}") from None
        except (ConfigError, MissingExtra, UnfitPolicy) as error:
            raise InvalidPolicy(name, str(error)) from None
        selection = config.selection
        return RouterInService(policy.router, router, build_selection(selection), str(selection), lambda: name)

    def _router(self, policy: NewPolicy, name: str, artifact: bytes) -> tuple[Router, RouterConfig]:
        # Loaders read files or folders, and read them whole.
        with tempfile.TemporaryDirectory(prefix="stigmergy-policy-") as folder:
            path = Path(folder) / "artifact"
            place_artifact(artifact, path)
            config = router_from({**policy.document, "artifact": str(path)}, f"policy {name}")
            trained = load_trained(policy.router, config)
            check_fit(self._settings, self._graphs, f"routers.{policy.router}", path, trained)
        return trained.serves, config
