"""``stigmergy train rl``: what it says of a file that cannot be used."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Run


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        ("learner: {kind: bopo}", "data", "missing"),
        ("data: log.parquet\nlearner: {kind: alchemy}", "learner", "alchemy"),
        ("data: log.parquet\nlearner: {kind: marwil, beta: 2}", "learner", "beta = 2"),
        ("data: log.parquet\nlearner: {kind: cql, colour: red}", "learner.colour", "unknown key"),
        ("data: nowhere.parquet\nlearner: {kind: bc}", "data", "no file or folder"),
        ("data: log.parquet\nlearner: {kind: bc}\nseeds: [1, 1]", "file", "twice"),
        ("data: log.parquet\nlearner: {kind: bc}\niterations: 0", "file", "iterations = 0"),
        (
            "data: log.parquet\nlearner: {kind: bc}\nsearch: {ranges: {alpha: {low: 1, high: 2}}}",
            "search.ranges.alpha",
            "minibatch",
        ),
    ],
)
def test_a_mistake_in_the_file_is_told_with_its_path(
    run: Run, tmp_path: Path, text: str, path: str, words: str
) -> None:
    (tmp_path / "log.parquet").touch()
    (tmp_path / "training.yaml").write_text(text, encoding="utf-8")
    refused = run("train", "rl", "--config", str(tmp_path / "training.yaml"), "--out", str(tmp_path / "out"))
    assert refused.exit_code == 1
    assert path in refused.stderr
    assert words in refused.stderr
    assert not (tmp_path / "out").exists()
