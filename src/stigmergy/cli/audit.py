"""``stigmergy episodes verify`` and ``episodes replay``."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from stigmergy.cli.extras import needs
from stigmergy.cli.options import AsJson
from stigmergy.cli.output import arrows, print_json, printable, stdout, table, usd, working
from stigmergy.cli.stored import ConfigOption, StoreOption, read_store, store_url

if TYPE_CHECKING:
    from stigmergy.platform.learning.replay import Replay
    from stigmergy.platform.learning.verify import Verified
    from stigmergy.platform.ports import Store


def verify(
    episode_id: Annotated[str | None, typer.Argument(metavar="[ID]", help="Which episode; or give --all.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every episode of the store.")] = False,
    config: ConfigOption = None,
    store: StoreOption = None,
    as_json: AsJson = False,
) -> None:
    """Was a stored episode changed? Holds its events against their hash chain; exit status 1 if so."""
    if (episode_id is None) != every:
        raise typer.BadParameter("name one episode, or give --all")
    with needs("core"):
        from stigmergy.platform.learning.verify import Verdict
    url = store_url(config, store)
    with working("verifying episodes"):
        verified = read_store(url, lambda opened: _verified(opened, episode_id))
    changed = any(each.verdict is Verdict.CHANGED for each in verified)
    if as_json:
        print_json({"ok": not changed, "episodes": [_verified_json(each) for each in verified]})
    else:
        _print_verified(verified)
    if changed:
        raise typer.Exit(1)


def replay(
    episode_id: Annotated[str, typer.Argument(help="Which episode.")],
    config: ConfigOption = None,
    store: StoreOption = None,
    as_json: AsJson = False,
) -> None:
    """Do the stored events still lead to the stored summary? Exit status 1 and the differences if not."""
    with needs("core"):
        from stigmergy.platform.learning.replay import replay as replay_episode
    replayed = read_store(store_url(config, store), lambda opened: replay_episode(opened, episode_id))
    if as_json:
        print_json(_replay_json(replayed))
    else:
        _print_replay(replayed)
    if replayed.differences:
        raise typer.Exit(1)


async def _verified(store: Store, episode_id: str | None) -> list[Verified]:
    from stigmergy.platform.learning.verify import verify, verify_all

    if episode_id is not None:
        return [await verify(store, episode_id)]
    return [each async for each in verify_all(store)]


def _verified_json(verified: Verified) -> dict[str, Any]:
    return {
        "id": verified.episode_id,
        "verdict": verified.verdict.value,
        "events": verified.events,
        "head": verified.head,
        "findings": [{"event": finding.seq, "problem": finding.problem} for finding in verified.findings],
    }


def _print_verified(verified: list[Verified]) -> None:
    out = stdout()
    for each in verified:
        for finding in each.findings:
            where = "" if finding.seq is None else f"event {finding.seq} "
            said = f"episode {each.episode_id}: {where}{finding.problem}"
            out.print(Text(printable(said), style="red"), soft_wrap=True)
    counts = Counter(each.verdict.value for each in verified)
    told = ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items())) or "nothing to verify"
    out.print(f"{len(verified)} episode{'s' if len(verified) != 1 else ''}: {told}")


def _replay_json(replayed: Replay) -> dict[str, Any]:
    differences = [
        {"field": each.field, "stored": _plain(each.stored), "replayed": _plain(each.replayed)}
        for each in replayed.differences
    ]
    return {
        "id": replayed.stored.id,
        "same": not differences,
        "events": replayed.events,
        "status": replayed.stored.status.value,
        "differences": differences,
    }


def _print_replay(replayed: Replay) -> None:
    out, stored = stdout(), replayed.stored
    if not replayed.differences:
        told = f"{stored.status.value} by {arrows(stored.route)} for {usd(stored.charged_usd)}"
        out.print(Text(f"the same: {replayed.events} events lead to what is stored ({told})"), soft_wrap=True)
        return
    rows = table(printable(f"episode {stored.id} is not what its {replayed.events} events lead to"))
    for heading in ("field", "stored", "replayed"):
        rows.add_column(heading, overflow="fold")
    for each in replayed.differences:
        rows.add_row(each.field, Text(printable(_plain(each.stored))), Text(printable(_plain(each.replayed))))
    out.print(rows)


def _plain(value: object) -> str:
    """A value as a person reads it, and the same in JSON."""
    if isinstance(value, tuple) and all(isinstance(item, str) for item in value):
        return arrows(value)
    return str(value)
