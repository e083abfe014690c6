"""Readers of "what does this print": the code is cut out of the query."""

from __future__ import annotations

import re
from typing import Final

from stigmergy.agents.workbench.understanding.wording import Problem

_MARKED: Final = re.compile(r"```python\n(.{1,8000}?)\n```", re.DOTALL)
_FENCED: Final = re.compile(r"```(?:python|py|python3)?\n(.{1,8000}?)\n```", re.DOTALL)
_ASKS_FOR_OUTPUT: Final = re.compile(r"\b(?:prints?|output|screen|shows?)\b", re.IGNORECASE)


def _problem(match: re.Match[str] | None) -> Problem | None:
    return {"family": "python", "code": match[1], "form": {}} if match else None


def canonical(text: str) -> Problem | None:
    """A block marked ``python``."""
    return _problem(_MARKED.search(text))


def free(text: str) -> Problem | None:
    """Any fenced block that calls ``print``, in a query that asks for output."""
    asked = _ASKS_FOR_OUTPUT.search(text.partition("```")[0])
    match = _FENCED.search(text)
    return _problem(match) if asked and match and "print(" in match[1] else None
