"""Small functions, small files, and no package that would shadow another."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

LONGEST_FILE = 400
LONGEST_FUNCTION = 40
LONGEST_WITH_REASON = 60
USUAL_FILE = 120
WITH_REASON = {"client/sync.py:submit": "twelve documented parameters around one call"}
"""The ends of ``path:function`` above 40 lines, each with the reason why it stays in one piece."""


def python_files(root: Path) -> list[Path]:
    return sorted(path for folder in ("src", "tests") for path in (root / folder).rglob("*.py"))


def functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def lines_of(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_no_file_is_longer_than_400_lines(root: Path) -> None:
    found = {str(path.relative_to(root)): lines_of(path) for path in python_files(root)}
    assert {name: lines for name, lines in found.items() if lines > LONGEST_FILE} == {}


def test_half_of_the_source_files_are_shorter_than_120_lines(root: Path) -> None:
    lines = sorted(lines_of(path) for path in (root / "src").rglob("*.py"))
    assert lines[len(lines) // 2] < USUAL_FILE


def test_no_function_is_longer_than_40_lines_without_a_reason(root: Path) -> None:
    long = {
        f"{path.relative_to(root)}:{name}": length
        for path in python_files(root)
        for name, length in functions(path)
        if length > LONGEST_FUNCTION
    }
    excused = {name for name in long for ending in WITH_REASON if name.endswith(ending)}
    assert {name: lines for name, lines in long.items() if name not in excused} == {}
    assert all(long[name] <= LONGEST_WITH_REASON for name in excused)
    assert len(excused) == len(WITH_REASON), "an excuse is no longer needed: take it out"


def test_tests_are_no_packages(root: Path) -> None:
    assert list((root / "tests").rglob("__init__.py")) == []


def test_no_module_has_a_name_that_says_nothing(root: Path) -> None:
    vague = {"utils", "util", "helpers", "helper", "common", "misc", "manager"}
    assert [path for path in python_files(root) if path.stem in vague or path.parent.name in vague] == []
