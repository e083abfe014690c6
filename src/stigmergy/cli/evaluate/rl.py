"""``stigmergy evaluate rl``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stigmergy.cli.evaluate.paths import run_workbench
from stigmergy.cli.evaluate.replay import HtmlOut, JsonOut, Samples, note
from stigmergy.cli.extras import needs
from stigmergy.cli.output import stderr, stdout, table, working
from stigmergy.cli.serve import read_settings
from stigmergy.errors import InvalidLog

if TYPE_CHECKING:
    from stigmergy.platform.learning.contest.contest import Progress
    from stigmergy.platform.learning.contest.judging import Contested
    from stigmergy.platform.learning.contest.learning import Effort

_WORKBENCH = "workbench"


def rl(
    *,
    data: Annotated[
        list[Path] | None,
        typer.Option(exists=True, dir_okay=False, help="Parquet of queries against arms, repeatable."),
    ] = None,
    routes: Annotated[
        list[Path] | None,
        typer.Option(exists=True, dir_okay=False, help="A route log, as evaluate paths --log wrote it, repeatable."),
    ] = None,
    workbench: Annotated[int, typer.Option(min=0, help="So many tasks of the embedded workbench; 0: none.")] = 0,
    exclude_arm: Annotated[list[str] | None, typer.Option(help="Leave this arm out, repeatable.")] = None,
    seeds: Annotated[int, typer.Option(min=1, max=50, help="Trainings of every learner.")] = 5,
    passes: Annotated[int, typer.Option(min=1, help="Over the rows of cloning.")] = 10,
    iterations: Annotated[int, typer.Option(min=1, help="Batches played, or passes over logged rows.")] = 4,
    episodes: Annotated[int, typer.Option(min=1, help="In a batch.")] = 2048,
    bootstrap: Samples = 500,
    json_out: JsonOut = None,
    html_out: HtmlOut = None,
) -> None:
    """Who solves more under strict budgets: policies trained by reinforcement, or simple rules?"""
    with needs("evaluate"):
        from stigmergy.platform.learning.contest.page import html
        from stigmergy.platform.learning.contest.report import report
    with needs("train"):
        from stigmergy.platform.learning.contest.learning import Effort
    if not (data or routes or workbench):
        raise typer.BadParameter("give --data FILE, --routes FILE or --workbench TASKS")
    effort = Effort(passes=passes, iterations=iterations, episodes=episodes)
    with working("reading") as status:
        contests = list(_contests(data or [], routes or [], workbench, exclude_arm or [], seeds, effort, status.update))
    setting = {"seeds": seeds, "passes": passes, "iterations": iterations, "episodes": episodes, "samples": bootstrap}
    document = report(contests, setting, bootstrap)
    if json_out is not None:
        json_out.write_text(json.dumps(document, indent=1, allow_nan=False), encoding="utf-8")
    if html_out is not None:
        html_out.write_text(html(document), encoding="utf-8")
    print_contests(document)


def _contests(
    data: list[Path],
    routes: list[Path],
    tasks: int,
    excluded: list[str],
    seeds: int,
    effort: Effort,
    progress: Progress,
) -> Iterator[Contested]:
    from stigmergy.platform.learning.contest.arena import arm_arena, route_arena
    from stigmergy.platform.learning.contest.contest import contest, contest_by_folds, is_small
    from stigmergy.platform.learning.paths.log_file import read_route_log
    from stigmergy.platform.learning.rl.arm_log import read_arm_log

    if tasks:
        arena = route_arena(_WORKBENCH, run_workbench(read_settings(None), tasks, 0))
        yield contest(arena, seeds, effort, progress)
    for path in routes:
        yield contest(route_arena(path.stem, read_route_log(path)), seeds, effort, progress)
    for path, without in _excluding(data, excluded):
        log = read_arm_log(path, without)
        if is_small(log):
            note(f"{path.stem} has few test queries: every query is tested by grouped folds, and no bar is held to it")
            yield contest_by_folds(path.stem, log, seeds, effort, progress)
        else:
            yield contest(arm_arena(path.stem, log), seeds, effort, progress)


def _excluding(data: list[Path], excluded: list[str]) -> list[tuple[Path, list[str]]]:
    """Every file with those arms to leave out that it has; an arm that no file has is a mistake."""
    from stigmergy.platform.learning.evaluation.log_reading import read_file

    if not excluded:
        return [(path, []) for path in data]
    arms = {path: set(read_file(path).model.tolist()) for path in data}
    for arm in excluded:
        if not any(arm in known for known in arms.values()):
            raise InvalidLog(", ".join(map(str, data)), f"no arm {arm} to exclude")
    return [(path, [arm for arm in excluded if arm in arms[path]]) for path in data]


def print_contests(document: dict[str, Any]) -> None:
    """One table per data set, one of the pooled differences."""
    for name, found in document["data"].items():
        rows = table(f"{name}: {found['queries']} queries ({found['tested']}); success by budget level, dear calls")
        for heading in ("policy", *(f"level {level:g}" for level in found["levels"]), "dear calls", "violations"):
            rows.add_column(heading, justify="left" if heading == "policy" else "right", no_wrap=True)
        for policy, levels in found["policies"].items():
            shown = [f"{each['success']['mean']:.3f}" for each in levels]
            dear, violations = (sum(each[what] for each in levels) for what in ("dear_calls", "violations"))
            rows.add_row(policy, *shown, f"{dear:.3f}", str(violations))
        stdout().print(rows)
        told, gain = found["signal"], found["signal"]["gain"]
        line = f"{told['by']} gains {gain['mean']:+.4f} [{gain['low']:+.4f}, {gain['high']:+.4f}] by looking at queries"
        stderr().print(line if told["found"] else f"no signal: {line}", soft_wrap=True)
    rows = table("success less that of the best rule, by level, pooled over data sets")
    for heading in ("learner", "by level", "levels above", "significantly below", "dear calls saved", "violations"):
        rows.add_column(heading, justify="left" if heading == "learner" else "right")
    for name, found in document["pooled"].items():
        by_level = "  ".join(f"{d['mean']:+.4f} [{d['low']:+.3f}, {d['high']:+.3f}]" for d in found["less_best_rule"])
        counts = [str(found[what]) for what in ("levels_above", "significantly_below")]
        rows.add_row(name, by_level, *counts, f"{found['dear_calls_saved']:.1%}", str(found["violations"]))
    stdout().print(rows)
