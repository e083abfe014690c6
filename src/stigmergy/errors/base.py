"""The root of the tree, and what every branch shares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

_NAMES_SHOWN = 12


def name_some(names: Sequence[str]) -> str:
    """The first names in order, and how many more there are."""
    shown = ", ".join(sorted(names)[:_NAMES_SHOWN])
    rest = len(names) - _NAMES_SHOWN
    return (shown or "none") + (f" and {rest} more" if rest > 0 else "")


class StigmergyError(Exception):
    """Root of the tree: catching it catches everything Stigmergy raises on purpose."""

    code: ClassVar[str] = "stigmergy_error"


class MissingExtra(StigmergyError):
    """A command needs packages that the bare install does not bring."""

    code = "missing_extra"

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(package, extra)
        self.package, self.extra = package, extra

    def __str__(self) -> str:
        return f"this needs {self.package!r}, which is not installed: pip install 'stigmergy[{self.extra}]'"


class ConfigError(StigmergyError):
    """The configuration file is wrong; ``problems`` lists every mistake as (path in the file, what is wrong)."""

    code = "config_error"

    def __init__(self, source: str, problems: tuple[tuple[str, str], ...]) -> None:
        super().__init__(source, problems)
        self.source, self.problems = source, problems

    def __str__(self) -> str:
        lines = "\n".join(f"  {path}: {problem}" for path, problem in self.problems)
        count = len(self.problems)
        return f"{self.source}: {count} problem{'s' if count != 1 else ''}\n{lines}"
