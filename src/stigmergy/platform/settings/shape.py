"""What a document has to look like, and every place where it does not, by its path in the file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from stigmergy.errors import ConfigError
from stigmergy.platform.settings.document import Problem, fill_in, read_yaml

T = TypeVar("T")


def read_text(path: Path) -> str:
    """The text of a file.

    Raises:
        ConfigError: it cannot be read, or is no text.
    """
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(str(path), (("file", f"cannot be read: {error.strerror}"),)) from None
    except UnicodeDecodeError as error:
        raise ConfigError(str(path), (("file", f"is not UTF-8 text (byte {error.start})"),)) from None


def read_document(text: str, environ: Mapping[str, str], source: str) -> tuple[Any, list[Problem]]:
    """The YAML document with the environment filled in, and what is wrong with it so far.

    Raises:
        ConfigError: it is not YAML.
    """
    try:
        document, problems = read_yaml(text)
    except yaml.YAMLError as error:
        raise ConfigError(source, (("file", f"is not YAML: {' '.join(str(error).split())}"),)) from None
    filled, missing = fill_in(document, environ)
    return filled, [*problems, *missing]


class Shape(Generic[T]):
    """The typed form of documents.

    Args:
        wanted: the type; its unions are told apart by a ``kind``.
        unknown_key: what is said about a key that the type does not know.
    """

    def __init__(self, wanted: type[T], unknown_key: str) -> None:
        self.adapter: TypeAdapter[T] = TypeAdapter(wanted)
        self._unknown_key = unknown_key
        self._tags = frozenset(_tags(self.adapter.json_schema()))

    def problems(self, error: ValidationError, document: Any) -> list[Problem]:
        """Every mistake that pydantic found, in words of the file."""
        return [self._problem(detail, document) for detail in error.errors(include_url=False)]

    def _problem(self, detail: ErrorDetails, document: Any) -> Problem:
        path = self._path(detail["loc"], document)
        if detail["type"] in ("unexpected_keyword_argument", "extra_forbidden"):
            return path, self._unknown_key
        if detail["type"] == "missing":
            return path, "is missing"
        value = detail["input"]
        shown = f" (it is {value!r})" if isinstance(value, (str, int, float, bool)) or value is None else ""
        return path, f"{detail['msg'].removeprefix('Value error, ')}{shown}"

    def _path(self, location: Iterable[str | int], document: Any) -> str:
        """The path in the file: pydantic's names of union members are left out, unless they are names in it, too."""
        path, here = "", document
        for part in location:
            inside = isinstance(part, int) if isinstance(here, list) else isinstance(here, Mapping) and part in here
            if inside or not self._is_union_member(part):
                path += f"[{part}]" if isinstance(part, int) else f".{part}"
                here = here[part] if inside else None
        return path.lstrip(".") or "file"

    def _is_union_member(self, part: str | int) -> bool:
        return isinstance(part, str) and (part in self._tags or part.endswith("Node") or "[" in part)


def _tags(schema: Any) -> set[str]:
    """Every ``kind`` that a tagged union of the type knows."""
    if isinstance(schema, dict):
        own = {schema["const"]} if "const" in schema and isinstance(schema["const"], str) else set()
        return own.union(*(_tags(value) for value in schema.values()), set())
    return set().union(*(_tags(value) for value in schema)) if isinstance(schema, list) else set()
