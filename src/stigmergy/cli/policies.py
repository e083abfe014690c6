"""``stigmergy policies``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer
import yaml
from rich.table import Table
from rich.text import Text

from stigmergy.cli.options import AsJson, Url
from stigmergy.cli.output import print_json, printable, share, stdout, table, working
from stigmergy.client import Client
from stigmergy.errors import ConfigError
from stigmergy.routers.artifact_bytes import artifact_bytes
from stigmergy.wire_policies import IntervalModel, PolicyEvidenceModel, RegisteredPolicyModel

app = typer.Typer(no_args_is_help=True, help="Trained policies: tried beside the active one, promoted, taken back.")

Named: TypeAlias = Annotated[str, typer.Argument(metavar="ROUTER@VERSION", help="Which policy.")]
Reason: TypeAlias = Annotated[str, typer.Option("--reason", help="Why; kept with the policy.")]


@app.command()
def register(
    router: Annotated[str, typer.Argument(help="The configured router whose place it would take.")],
    artifact: Annotated[
        Path, typer.Option(exists=True, help="What `stigmergy train` wrote: a file, or the folder of a GNN.")
    ],
    document: Annotated[
        Path,
        typer.Option(exists=True, dir_okay=False, help="YAML: its own router as under `routers:`, without `artifact`."),
    ],
    parent: Annotated[str, typer.Option(help="The policy that it was made of.")] = "",
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Register a trained artifact as a candidate; it does nothing yet."""
    lineage = {"parent": parent} if parent else {}
    with Client(url) as client, working("the policy is being checked"):
        record = client.policies.register(router, artifact_bytes(artifact), _read(document), lineage=lineage)
    _print(record, as_json)


@app.command("list")
def list_policies(
    router: Annotated[str | None, typer.Option(help="Only this router's.")] = None,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """All policies and how far each is trusted."""
    with Client(url) as client:
        found = client.policies.list(router)
    if as_json:
        print_json(found)
    else:
        stdout().print(_table(found))


@app.command()
def show(policy: Named, as_json: AsJson = False, url: Url = None) -> None:
    """A policy and what is known of it: agreement, and the gain over who decides with its 95 % interval."""
    with Client(url) as client, working("its episodes are being judged"):
        found = client.policies.show(*_named(policy))
    if as_json:
        print_json(found)
    else:
        _print_evidence(found)


@app.command()
def shadow(policy: Named, as_json: AsJson = False, url: Url = None) -> None:
    """Let it score every decision beside who decides."""
    with Client(url) as client:
        _print(client.policies.shadow(*_named(policy)), as_json)


@app.command()
def canary(
    policy: Named,
    share: Annotated[float, typer.Option(help="Share of the tasks that it decides, by hash of the task.")] = 0.1,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Let it decide a share of the tasks; it goes by itself when its quality or budget bar breaks."""
    with Client(url) as client, working("its episodes are being judged"):
        _print(client.policies.canary(*_named(policy), share), as_json)


@app.command()
def promote(policy: Named, as_json: AsJson = False, url: Url = None) -> None:
    """Let it decide, if the log says that it is better; who was active is retired."""
    with Client(url) as client, working("its episodes are being judged"):
        _print(client.policies.promote(*_named(policy)), as_json)


@app.command()
def rollback(policy: Named, reason: Reason = "", as_json: AsJson = False, url: Url = None) -> None:
    """Take back what decides; whom it replaced is active again."""
    with Client(url) as client:
        _print(client.policies.rollback(*_named(policy), reason), as_json)


@app.command()
def retire(policy: Named, reason: Reason = "", as_json: AsJson = False, url: Url = None) -> None:
    """Withdraw it, at whatever stage; if it was active, the router decides as it is configured."""
    with Client(url) as client:
        _print(client.policies.retire(*_named(policy), reason), as_json)


def _named(policy: str) -> tuple[str, int]:
    router, _, version = policy.rpartition("@")
    if not router or not version.isdecimal():
        raise typer.BadParameter(f"{policy!r} is no policy; `stigmergy policies list` shows names such as near@3")
    return router, int(version)


def _read(document: Path) -> Mapping[str, Any]:
    try:
        found = yaml.safe_load(document.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(str(document), (("file", f"is not YAML: {' '.join(str(error).split())}"),)) from None
    if not isinstance(found, Mapping):
        raise ConfigError(str(document), (("file", "has to be a mapping, as an entry of `routers:` is"),))
    return found


def _print(record: RegisteredPolicyModel, as_json: bool) -> None:
    if as_json:
        print_json(record)
    else:
        stdout().print(_table([record]))


def _table(policies: Sequence[RegisteredPolicyModel]) -> Table:
    rows = table()
    rows.add_column("policy", no_wrap=True)
    for heading in ("stage", "share", "kind", "changed", "reason"):
        rows.add_column(heading, overflow="fold")
    for each in policies:
        rows.add_row(
            Text(printable(each.name)),
            each.stage,
            share(each.share or None),
            Text(printable(str(each.document.get("kind", "-")))),
            f"{each.changed_at:%Y-%m-%d %H:%M:%S}",
            Text(printable(f"{each.reason}; {each.problem}" if each.problem else each.reason)),
        )
    return rows


def _print_evidence(found: PolicyEvidenceModel) -> None:
    console = stdout()
    console.print(_table([found.policy]))
    agreed = "-" if found.agreement is None else f"{found.agreement:.2f}"
    console.print(f"as shadow: {found.hops} hops, agreement {agreed}")
    for graph in found.graphs:
        told = graph.refused or f"gain {_shown(graph.gain)}, effective sample {graph.effective_sample_size:.0f}"
        console.print(Text(printable(f"on {graph.graph}, {graph.episodes} episodes: {told}")))
    if found.canary is not None:
        sides = f"{found.canary.episodes} judged episodes against {found.canary.others} of who decides"
        console.print(f"as canary: {sides}, difference {_shown(found.canary.difference)}")


def _shown(interval: IntervalModel | None) -> str:
    return "-" if interval is None else f"{interval.mean:+.3f} [{interval.low:+.3f}, {interval.high:+.3f}]"
