"""How a cluster stands, from what its Serve and its head tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stigmergy.deployments.rollout import APPLICATION, last_sentence
from stigmergy.deployments.serve_api import ServeApi


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeStatus:
    """A node: its address, ALIVE or DEAD, and what it offers (``CPU``, ``GPU``)."""

    id: str
    ip: str
    state: str
    head: bool
    resources: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentStatus:
    """A deployment: its health, how many replicas are in each state, how many there should be, and on which nodes."""

    name: str
    status: str
    message: str
    target: int
    replicas: Mapping[str, int]
    nodes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterStatus:
    """A cluster and the application on it; ``application`` is NOT_DEPLOYED where there is none.

    ``proxies`` are the states of the HTTP proxies by the address of their node.
    """

    address: str
    ray: str
    application: str
    message: str
    nodes: tuple[NodeStatus, ...]
    deployments: tuple[DeploymentStatus, ...]
    proxies: Mapping[str, str]

    @property
    def healthy(self) -> bool:
        """Whether the application runs and every deployment of it is healthy."""
        return self.application == "RUNNING" and all(each.status == "HEALTHY" for each in self.deployments)


def cluster_status(api: ServeApi) -> ClusterStatus:
    """Ask a cluster how it stands; raises ClusterUnreachable, ClusterRefused."""
    serving = api.serving()
    ours = serving.get("applications", {}).get(APPLICATION) or {"status": "NOT_DEPLOYED"}
    return ClusterStatus(
        address=api.address,
        ray=api.ray_version(),
        application=str(ours["status"]),
        message=last_sentence(str(ours.get("message") or "")),
        nodes=tuple(map(_node, api.nodes())),
        deployments=tuple(_deployments(ours.get("deployments") or {})),
        proxies={each["node_ip"]: str(each["status"]) for each in (serving.get("proxies") or {}).values()},
    )


def _node(told: Mapping[str, Any]) -> NodeStatus:
    raylet = told.get("raylet") or {}
    offered = raylet.get("resourcesTotal") or {}
    return NodeStatus(
        id=str(raylet.get("nodeId", "")),
        ip=str(raylet.get("nodeManagerAddress") or told.get("ip", "")),
        state=str(raylet.get("state", "UNKNOWN")),
        head=bool(raylet.get("isHeadNode")),
        resources={name: offered[name] for name in ("CPU", "GPU") if name in offered},
    )


def _deployments(told: Mapping[str, Mapping[str, Any]]) -> Iterator[DeploymentStatus]:
    for name, each in sorted(told.items()):
        replicas = each.get("replicas") or []
        yield DeploymentStatus(
            name=name,
            status=str(each["status"]),
            message=str(each.get("message") or ""),
            target=int(each.get("target_num_replicas") or 0),
            replicas=dict(Counter(str(replica["state"]) for replica in replicas)),
            nodes=tuple(sorted({str(replica["node_ip"]) for replica in replicas if replica.get("node_ip")})),
        )
