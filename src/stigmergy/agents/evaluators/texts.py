"""Evaluators that compare text with text: exact, numeric, JSON schema."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from stigmergy.domain import Task
from stigmergy.errors import MissingExtra

_NUMBER: Final = re.compile(
    r"(?<![\w.])[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:(?<=\d)\.\d*|(?<!\d)\.\d+)?(?:(?<=[\d.])[eE][-+]?\d+)?"
    r"(?:(?<=\d)\s*/\s*\d+(?![\d.]))?(?:(?<=[\d.])\s*%)?"
)
_FENCE: Final = re.compile(r"^\s*```[\w+-]*[ \t]*\n(.*?)\n?```\s*$", re.DOTALL)
_ARTICLES: Final = re.compile(r"^(?:the|a|an)\s+")


@dataclass(frozen=True, slots=True)
class ExactEvaluator:
    """1 where the normalised answer is the normalised reference, else 0."""

    async def evaluate(self, task: Task, answer: str | None) -> float | None:
        """See ``Evaluator``."""
        if task.reference is None:
            return None
        return float(answer is not None and normalised(answer) == normalised(task.reference))


@dataclass(frozen=True, slots=True)
class NumericEvaluator:
    """1 where the answer's last number is the reference's within a tolerance, else 0.

    ``|x - r| <= max(relative |r|, absolute)``. Thousands separators, exponents, fractions and percentages are read.
    """

    relative: float = 1e-6
    absolute: float = 1e-9

    async def evaluate(self, task: Task, answer: str | None) -> float | None:
        """See ``Evaluator``; a reference without a number cannot be judged by."""
        expected = last_number(task.reference or "")
        if expected is None:
            return None
        given = last_number(answer or "")
        if given is None:
            return 0.0
        tolerance = max(self.relative * abs(expected), self.absolute)
        return float(abs(given - expected) <= tolerance)


@dataclass(frozen=True, slots=True)
class JsonSchemaEvaluator:
    """1 where the answer (bare or in one code fence) is JSON that fits the schema, else 0.

    Without a ``schema`` of its own the task's reference is the schema.
    """

    schema: Mapping[str, Any] | None = None

    async def evaluate(self, task: Task, answer: str | None) -> float | None:
        """See ``Evaluator``; a reference that is no schema cannot be judged by."""
        schema = self.schema if self.schema is not None else _json(task.reference)
        if not isinstance(schema, Mapping):
            return None
        return _fits(schema, _json(unfenced(answer)) if answer is not None else _NO_JSON)


_NO_JSON: Final = object()


def _json(text: str | None) -> object:
    try:
        return _NO_JSON if text is None else json.loads(text)
    except ValueError:
        return _NO_JSON


def _fits(schema: Mapping[str, Any], document: Any) -> float | None:
    try:
        from jsonschema import SchemaError, validators
    except ImportError:
        raise MissingExtra("jsonschema", "core") from None
    known = dict(schema)
    judge = validators.validator_for(known, default=validators.Draft202012Validator)
    try:
        judge.check_schema(known)
    except SchemaError:
        return None
    return float(document is not _NO_JSON and judge(known).is_valid(document))


def normalised(text: str) -> str:
    """NFKC, case-folded, one space between words, without outer quotes and stops and a leading article."""
    plain = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    return _ARTICLES.sub("", plain.strip(" \"'`*.!")).strip()


def last_number(text: str) -> float | None:
    """The last number of a text; None where there is none."""
    found = [match for match in _NUMBER.findall(text) if any(digit.isdigit() for digit in match)]
    return _value(found[-1]) if found else None


def _value(number: str) -> float | None:
    plain = number.replace(",", "").replace(" ", "")
    scale = 0.01 if plain.endswith("%") else 1.0
    over, _, under = plain.rstrip("%").partition("/")
    try:
        return scale * float(over) / float(under or 1)
    except ZeroDivisionError:
        return None


def unfenced(text: str) -> str:
    """What one code fence around the whole text holds, or the text itself."""
    fenced = _FENCE.match(text)
    return fenced.group(1) if fenced else text
