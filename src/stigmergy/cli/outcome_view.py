"""How a task ended, for a person: the answer, and a card with route, cost and what went wrong on the way."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from stigmergy.cli.explanation import router_text, why_table
from stigmergy.cli.output import arrows, printable, seconds, share, table, usd
from stigmergy.domain import Status
from stigmergy.wire import ApprovalModel, ChargeModel, EpisodeModel, FailureModel, TaskResult, UsageModel

_STYLES = {
    Status.NEEDS_APPROVAL: "bold cyan",
    Status.COMPLETED: "bold green",
    Status.DEMOTED: "bold yellow",
    Status.ESCALATED: "bold magenta",
    Status.REFUSED: "bold red",
    Status.CANCELLED: "bold red",
    Status.DEAD_LETTER: "bold red",
}


def print_task(console: Console, task: TaskResult) -> None:
    """The answer, the card, and per hop what was chosen and what would have been second."""
    _print_answer(console, task.answer)
    card = _card(task)
    if task.approval is not None:
        card.add_row("asks for approval", Text(printable(_question(task.approval))))
    card.add_row("latency", seconds(task.latency_s))
    card.add_row("task", Text(printable(task.id)))
    if task.episode_id is not None:
        card.add_row("episode", Text(printable(task.episode_id)))
    console.print(card)
    if task.ledger:
        console.print()
        console.print(_ledger(task.ledger))
    if task.hops:
        console.print()
        console.print(why_table(task.hops, rivals_shown=1))


def print_episode(console: Console, episode: EpisodeModel) -> None:
    """The answer, the card, and every event."""
    _print_answer(console, episode.answer)
    card = _card(episode)
    card.add_row("control LLM calls", str(episode.control_llm_calls))
    card.add_row("took", seconds((episode.finished_at - episode.started_at).total_seconds()))
    card.add_row("task", Text(printable(episode.task_id)))
    card.add_row("episode", Text(printable(episode.id)))
    console.print(card)
    if episode.events:
        console.print()
        console.print(_events(episode))


def _question(asked: ApprovalModel) -> str:
    decided = "" if asked.approved is None else f"; {asked.by} {'approved' if asked.approved else 'rejected'} it"
    return f"to call {asked.agent} at {asked.place}: {asked.reason}{decided}"


def status_text(status: Status) -> Text:
    """The status in its colour."""
    return Text(status.value, style=_STYLES.get(status, ""))


def cost_text(usage: UsageModel) -> str:
    """What was charged, and how much of that the committed steps account for when it is not all of it."""
    charged = usd(usage.charged_usd)
    return charged if usage.usd == usage.charged_usd else f"{charged} ({usd(usage.usd)} for committed steps)"


def tokens_text(usage: UsageModel) -> str:
    """The tokens of both directions, and how many of the input were cached where any were."""
    cached = f" ({usage.cached_tokens} cached)" if usage.cached_tokens else ""
    return f"{usage.input_tokens} in{cached} + {usage.output_tokens} out"


def _print_answer(console: Console, answer: str | None) -> None:
    if answer is not None:
        console.print(Text(printable(answer), style="bold"), soft_wrap=True)
        console.print()


def _card(ended: TaskResult | EpisodeModel) -> Table:
    card = Table.grid(padding=(0, 2))
    card.add_column(style="dim")
    card.add_column(overflow="fold")
    status = status_text(ended.status)
    card.add_row("status", status.append(f" ({printable(ended.reason)})", style="not bold") if ended.reason else status)
    router = router_text(ended.router, getattr(ended, "trade_off", None))
    card.add_row("graph, router", Text(printable(f"{ended.graph}, {router}")))
    card.add_row("route", Text(arrows(ended.route)))
    card.add_row("cost", cost_text(ended.usage))
    usage = ended.usage
    card.add_row("model calls, tokens", f"{usage.model_calls}, {tokens_text(usage)}")
    card.add_row("quality", share(ended.quality))
    card.add_row("reroutes", str(ended.reroutes))
    if ended.failures:
        card.add_row("failures", _failures(ended.failures))
    if ended.dropped:
        card.add_row("dropped", Text(printable(", ".join(ended.dropped))))
    return card


def _ledger(charges: Sequence[ChargeModel]) -> Table:
    rows = table("Ledger")
    for name in ("step", "agent"):
        rows.add_column(name, overflow="fold")
    for name in ("attempt", "reserved", "charged"):
        rows.add_column(name, justify="right")
    rows.add_column("settled as")
    for each in charges:
        names = (Text(printable(each.step)), Text(printable(each.agent)))
        rows.add_row(
            *names, str(each.attempt), usd(each.reserved.usd), usd(each.charged.usd), printable(each.settlement)
        )
    return rows


def _failures(failures: Sequence[FailureModel]) -> Text:
    lines = (f"{failure.node}: {failure.kind.value}, {failure.reason}" for failure in failures)
    return Text("\n".join(printable(line) for line in lines))


def _events(episode: EpisodeModel) -> Table:
    rows = table("Events")
    rows.add_column("seq", justify="right")
    rows.add_column("after", justify="right")
    rows.add_column("event")
    rows.add_column("what", overflow="fold")
    for event in episode.events:
        after = seconds((event.at - episode.started_at).total_seconds())
        scalars = ((name, value) for name, value in event.data.items() if isinstance(value, str | int | float))
        what = ", ".join(f"{name} {value}" for name, value in scalars if name != "kind" and value != "")
        rows.add_row(str(event.seq), after, Text(printable(event.kind)), Text(printable(what)))
    return rows
