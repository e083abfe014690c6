"""From a YAML file to Settings, or to one ConfigError that names every mistake."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from stigmergy.domain import GOAL, START
from stigmergy.errors import ConfigError
from stigmergy.platform.settings.artifacts import anchored
from stigmergy.platform.settings.checks import contradictions
from stigmergy.platform.settings.document import Problem, fill_in, read_yaml
from stigmergy.platform.settings.records import Settings
from stigmergy.routers.configs import RouterConfig

_ADAPTER: TypeAdapter[Settings] = TypeAdapter(Settings)


@dataclass(frozen=True, slots=True)
class _Alone:
    """A router without a file around it."""

    __pydantic_config__ = ConfigDict(extra="forbid", frozen=True)

    router: Annotated[RouterConfig, Field(discriminator="kind")]


_ALONE: TypeAdapter[_Alone] = TypeAdapter(_Alone)


def load_settings(path: Path, environ: Mapping[str, str]) -> Settings:
    """Read a configuration file. ``${NAME}`` and ``${NAME:-default}`` in it are taken from the environment.

    Raises:
        ConfigError: with every mistake and its path in the file.
    """
    source = str(path)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(source, (("file", f"cannot be read: {error.strerror}"),)) from None
    except UnicodeDecodeError as error:
        raise ConfigError(source, (("file", f"is not UTF-8 text (byte {error.start})"),)) from None
    return settings_from(text, environ, source, path.parent)


def settings_from(
    text: str, environ: Mapping[str, str], source: str = "configuration", folder: Path = Path()
) -> Settings:
    """Read a configuration text; as ``load_settings``. Relative paths of artifacts are taken from ``folder``."""
    try:
        document, problems = read_yaml(text)
    except yaml.YAMLError as error:
        raise ConfigError(source, (("file", f"is not YAML: {' '.join(str(error).split())}"),)) from None
    document, missing = fill_in(document, environ)
    problems = [*problems, *missing]
    try:
        settings = anchored(_ADAPTER.validate_python(document), folder)
    except ValidationError as error:
        details = error.errors(include_url=False)
        wrong = [_problem(detail, document) for detail in details]
        further = _contradictions_beside(document, [detail["loc"] for detail in details], folder)
        raise ConfigError(source, tuple(dict.fromkeys([*problems, *wrong, *further]))) from None
    problems += contradictions(settings)
    if problems:
        raise ConfigError(source, tuple(problems))
    return replace(settings, fingerprint=_fingerprint(document))


def router_from(document: Mapping[str, Any], source: str) -> RouterConfig:
    """Read a router that stands alone, as under ``routers`` in the file.

    Raises:
        ConfigError: with every mistake and its path.
    """
    alone = {"router": document}
    try:
        return _ALONE.validate_python(alone).router
    except ValidationError as error:
        details = error.errors(include_url=False)
        raise ConfigError(source, tuple(_problem(detail, alone) for detail in details)) from None


def settings_schema() -> dict[str, Any]:
    """The JSON Schema of the file, for editors that complete it."""
    schema = _ADAPTER.json_schema()
    schema["properties"].pop("fingerprint")
    return schema


def _problem(detail: ErrorDetails, document: Any) -> Problem:
    path = _path(detail["loc"], document)
    if detail["type"] in ("unexpected_keyword_argument", "extra_forbidden"):
        return path, "unknown key; see `stigmergy config schema` for what may stand here"
    if detail["type"] == "missing":
        return path, "is missing"
    value = detail["input"]
    shown = f" (it is {value!r})" if isinstance(value, (str, int, float, bool)) or value is None else ""
    return path, f"{detail['msg'].removeprefix('Value error, ')}{shown}"


def _path(location: Iterable[str | int], document: Any) -> str:
    """The path in the file: pydantic's names of union members are left out, unless they are names in the file, too."""
    path, here = "", document
    for part in location:
        inside = isinstance(part, int) if isinstance(here, list) else isinstance(here, Mapping) and part in here
        if inside or not _is_union_member(part):
            path += f"[{part}]" if isinstance(part, int) else f".{part}"
            here = here[part] if inside else None
    return path.lstrip(".") or "file"


def _is_union_member(part: str | int) -> bool:
    return isinstance(part, str) and (part in _TAGS or part.endswith("Node") or "[" in part)


def _contradictions_beside(document: Any, wrong: Iterable[tuple[str | int, ...]], folder: Path) -> list[Problem]:
    """What else is wrong in the parts whose shape is right: stand-ins take the place of the others."""
    if not isinstance(document, Mapping):
        return []
    stand_ins = {**_STAND_INS, "graphs": _bare_graph(document)}
    mended = {key: dict(value) if isinstance(value, Mapping) else value for key, value in document.items()}
    for section, *inside in wrong:
        entries = mended.get(str(section))
        if section in stand_ins and inside and isinstance(entries, dict):
            entries[inside[0]] = stand_ins[str(section)]
        else:
            mended.pop(str(section), None)
    try:
        return contradictions(anchored(_ADAPTER.validate_python(mended), folder))
    except ValidationError:
        return []


def _bare_graph(document: Mapping[str, Any]) -> Mapping[str, Any]:
    routers = document.get("routers")
    return {"edges": {START: [GOAL]}, "router": next(iter(routers), "") if isinstance(routers, Mapping) else ""}


_STAND_INS: Mapping[str, Mapping[str, Any]] = {
    "agents": {"kind": "scripted", "replies": ["-"], "price": {}},
    "models": {"kind": "scripted", "price": {}},
    "routers": {"kind": "random"},
}


def _fingerprint(document: object) -> str:
    return hashlib.sha256(json.dumps(document, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _tags(schema: Any) -> set[str]:
    """Every ``kind`` that a tagged union of the settings knows."""
    if isinstance(schema, dict):
        own = {schema["const"]} if "const" in schema and isinstance(schema["const"], str) else set()
        return own.union(*(_tags(value) for value in schema.values()), set())
    return set().union(*(_tags(value) for value in schema)) if isinstance(schema, list) else set()


_TAGS = frozenset(_tags(_ADAPTER.json_schema()))
