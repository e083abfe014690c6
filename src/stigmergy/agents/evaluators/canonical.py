"""The form in which an evaluator compares answers: what it holds equal has one form."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TypeAlias

from stigmergy.agents.evaluators.configs import EvaluatorConfig, ExactConfig, JsonSchemaConfig, NumericConfig
from stigmergy.agents.evaluators.texts import last_number, normalised, unfenced

CanonicalForm: TypeAlias = Callable[[str], str | None]
"""From an answer's text to its form; None: it has none, and its text stands for itself."""
_DIGITS = 6


def canonical_form(config: EvaluatorConfig | None) -> CanonicalForm | None:
    """The form of answers under an evaluator; None for one that compares no texts (a judge, unit tests)."""
    match config:
        case ExactConfig():
            return normalised
        case NumericConfig():
            return _number
        case JsonSchemaConfig():
            return _document
        case _:
            return None


def _number(text: str) -> str | None:
    """The last number: a whole one as it is, another to six significant digits, so that 1/3 is 0.3333333."""
    number = last_number(text)
    if number is None:
        return None
    return f"{number:.0f}" if number.is_integer() else f"{number:.{_DIGITS}g}"


def _document(text: str) -> str | None:
    try:
        return json.dumps(json.loads(unfenced(text)), sort_keys=True)
    except ValueError:
        return None
