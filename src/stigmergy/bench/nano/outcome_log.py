"""What both models made of the same tasks, as a log that ``stigmergy train`` reads, and estimators trained on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from stigmergy.agents.workbench.task import WorkbenchTask
from stigmergy.bench.nano.stage import Answered
from stigmergy.platform.learning.estimators.training import train_arms
from stigmergy.routers.estimators.artifact import save_arms


def train_on_outcomes(
    tasks: Sequence[WorkbenchTask],
    outcomes: Mapping[str, Sequence[Answered]],
    estimators: Iterable[str],
    folder: Path,
) -> dict[str, Path]:
    """The artifacts of estimators, by name. ``outcomes``: by arm, in the order of the tasks."""
    log, artifacts = folder / "outcomes.parquet", {}
    _write(tasks, outcomes, log)
    for name in estimators:
        trained = train_arms(name, log)
        artifacts[name] = folder / f"{name}.npz"
        save_arms(artifacts[name], trained.model, trained.origin)
    return artifacts


def _write(tasks: Sequence[WorkbenchTask], outcomes: Mapping[str, Sequence[Answered]], path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [
        {
            "query_id": f"n{number:06}",
            "task": task.family,
            "query": task.text,
            "model": arm,
            "split": "train",
            "score": answer.quality,
            "cost_usd": answer.usd,
        }
        for arm, answers in outcomes.items()
        for number, (task, answer) in enumerate(zip(tasks, answers, strict=True))
    ]
    pq.write_table(pa.Table.from_pylist(rows), path)
