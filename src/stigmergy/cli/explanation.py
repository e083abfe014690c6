"""Why a route was taken, hop by hop, as a rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice

from pydantic import ValidationError
from rich.table import Table
from rich.text import Text

from stigmergy.cli.output import printable, share, table
from stigmergy.errors import UnexpectedReply
from stigmergy.wire import EpisodeModel, EventModel, HopModel, OptionModel

_OK = 200


def hops_of(episode: EpisodeModel) -> tuple[HopModel, ...]:
    """The hops of an episode that came with its events, in the order they were taken.

    Raises:
        UnexpectedReply: an event of a hop lacks what makes a hop.
    """
    return tuple(_hop(event) for event in episode.events if event.kind == "hop_chosen")


def rivals(hop: HopModel) -> tuple[OptionModel, ...]:
    """What else was feasible, best first: the first of them would have been second."""
    others = (option for option in hop.options if option.node != hop.node)
    return tuple(sorted(others, key=lambda option: (-(option.score or 0.0), option.node)))


def router_text(router: str, trade_off: float | None) -> str:
    """A router with what it weighed money with: ``near (trade-off 0.1)``."""
    return router if trade_off is None else f"{router} (trade-off {trade_off:g})"


def why_table(hops: Sequence[HopModel], rivals_shown: int | None = None) -> Table:
    """A row per hop for what was chosen, then for its rivals, then for what the mask refused.

    Args:
        hops: in the order they were taken.
        rivals_shown: how many rivals of each hop to show, and then none of the refused; everything when None.
    """
    rows = table("Why")
    for heading in ("from", "", "to", "decided by"):
        rows.add_column(heading, overflow="fold")
    for heading in ("score", "chance"):
        rows.add_column(heading, justify="right")
    rows.add_column("evidence", overflow="fold")
    for hop in hops:
        _add_hop(rows, hop, rivals_shown)
        rows.add_section()
    return rows


def figures(evidence: Mapping[str, float]) -> str:
    """Named figures on one line: ``heuristic 0.41, trail 2.5``."""
    return ", ".join(f"{printable(name)} {value:.3g}" for name, value in sorted(evidence.items()))


def _score(option: OptionModel | None) -> str:
    return "-" if option is None or option.score is None else f"{option.score:.3g}"


def _add_hop(rows: Table, hop: HopModel, rivals_shown: int | None) -> None:
    chosen = next((option for option in hop.options if option.node == hop.node), None)
    rows.add_row(
        Text(printable(hop.source)),
        "→",
        Text(printable(hop.node), style="bold green"),
        Text(printable(f"{hop.decided_by} {hop.policy_version}".strip())),
        _score(chosen),
        share(hop.probability),
        Text(figures(chosen.evidence) if chosen else ""),
    )
    for place, option in enumerate(islice(rivals(hop), rivals_shown)):
        rows.add_row(
            "",
            "2." if place == 0 else "",
            Text(printable(option.node)),
            "",
            _score(option),
            share(option.probability),
            Text(figures(option.evidence)),
        )
    if hop.not_retrieved:
        left_out = Text(f"{hop.not_retrieved:,} more were feasible, but not retrieved", style="yellow")
        rows.add_row("", "…", "", "", "", "", left_out)
    if rivals_shown is None:
        for node, reason in sorted(hop.refused.items()):
            refusal = Text(f"refused: {printable(reason)}", style="yellow")
            rows.add_row("", "✗", Text(printable(node), style="dim"), "", "", "", refusal)


def _hop(event: EventModel) -> HopModel:
    try:
        # The journal keeps refusals as pairs, in the order of the mask.
        return HopModel.model_validate({**event.data, "refused": dict(event.data.get("refused", ()))})
    except (ValidationError, TypeError, ValueError) as error:
        raise UnexpectedReply(_OK, f"event {event.seq} is no hop: {error}") from None
