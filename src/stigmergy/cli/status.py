"""``stigmergy status``."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer

from stigmergy.cli.extras import needs
from stigmergy.cli.options import AsJson, ClusterAddress, Url
from stigmergy.cli.output import print_json, printable, stdout, table
from stigmergy.client import Client
from stigmergy.errors import StigmergyError

if TYPE_CHECKING:
    from stigmergy.deployments.cluster_status import ClusterStatus


def status(address: ClusterAddress = None, url: Url = None, as_json: AsJson = False) -> None:
    """How a server stands: version, configuration, store; with --address the cluster's nodes and replicas, too.

    The exit status is 1 where the server does not answer, or something of the cluster is not healthy.
    """
    cluster = _cluster(address) if address else None
    gateway = _gateway(url, alone=cluster is None)
    if as_json:
        print_json({"gateway": gateway, "cluster": None if cluster is None else asdict(cluster)})
    else:
        _show(gateway, cluster)
    raise typer.Exit(0 if "error" not in gateway and (cluster is None or cluster.healthy) else 1)


def _cluster(address: str) -> ClusterStatus:
    with needs("core"):
        from stigmergy.deployments.cluster_status import cluster_status
    from stigmergy.deployments.serve_api import ServeApi, cluster_token

    with ServeApi(address, cluster_token(os.environ)) as api:
        return cluster_status(api)


def _gateway(url: str | None, *, alone: bool) -> dict[str, Any]:
    """What the gateway says of itself; beside a cluster that answers, a gateway that does not is a finding."""
    try:
        with Client(url) as client:
            return client.served().model_dump(mode="json")
    except StigmergyError as error:
        if alone:
            raise
        return {"error": str(error)}


def _show(gateway: dict[str, Any], cluster: ClusterStatus | None) -> None:
    facts = table("Gateway")
    for name, value in gateway.items():
        facts.add_row(name, printable(", ".join(value) if isinstance(value, list) else str(value)))
    facts.show_header = False
    stdout().print(facts)
    if cluster is not None:
        _show_cluster(cluster)


def _show_cluster(cluster: ClusterStatus) -> None:
    nodes = table(f"Ray {cluster.ray} on {cluster.address}")
    for heading in ("node", "state", "CPU", "GPU", "proxy"):
        nodes.add_column(heading)
    for node in cluster.nodes:
        offered = [f"{node.resources.get(kind, 0):g}" for kind in ("CPU", "GPU")]
        nodes.add_row(
            f"{node.ip}{' (head)' if node.head else ''}", node.state, *offered, cluster.proxies.get(node.ip, "-")
        )
    deployments = table(f"Application: {cluster.application} {printable(cluster.message)}".rstrip())
    for heading in ("deployment", "status", "replicas", "nodes"):
        deployments.add_column(heading, overflow="fold")
    for each in cluster.deployments:
        counts = ", ".join(f"{count} {state}" for state, count in each.replicas.items())
        deployments.add_row(each.name, each.status, f"{counts or 0} of {each.target}", ", ".join(each.nodes) or "-")
    stdout().print(nodes)
    stdout().print(deployments)
