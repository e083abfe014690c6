"""From a YAML file to Settings, or to one ConfigError that names every mistake."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import ConfigDict, Field, ValidationError

from stigmergy.domain import GOAL, START
from stigmergy.errors import ConfigError
from stigmergy.platform.settings.artifacts import anchored
from stigmergy.platform.settings.checks import contradictions
from stigmergy.platform.settings.document import Problem, fill_in, read_yaml
from stigmergy.platform.settings.records import ServingConfig, Settings
from stigmergy.platform.settings.shape import Shape, read_document, read_text
from stigmergy.routers.configs import RouterConfig

_SHAPE: Shape[Settings] = Shape(Settings, "unknown key; see `stigmergy config schema` for what may stand here")


@dataclass(frozen=True, slots=True)
class _Alone:
    """A router without a file around it."""

    __pydantic_config__ = ConfigDict(extra="forbid", frozen=True)

    router: Annotated[RouterConfig, Field(discriminator="kind")]


_ALONE: Shape[_Alone] = Shape(_Alone, "unknown key")


def load_settings(path: Path, environ: Mapping[str, str]) -> Settings:
    """Read a configuration file. ``${NAME}`` and ``${NAME:-default}`` in it are taken from the environment.

    Raises:
        ConfigError: with every mistake and its path in the file.
    """
    return settings_from(read_text(path), environ, str(path), path.parent)


def settings_from(
    text: str, environ: Mapping[str, str], source: str = "configuration", folder: Path = Path()
) -> Settings:
    """Read a configuration text; as ``load_settings``. Relative paths of artifacts are taken from ``folder``."""
    document, problems = read_document(text, environ, source)
    try:
        settings = anchored(_SHAPE.adapter.validate_python(document), folder)
    except ValidationError as error:
        places = [detail["loc"] for detail in error.errors(include_url=False)]
        wrong, further = _SHAPE.problems(error, document), _contradictions_beside(document, places, folder)
        raise ConfigError(source, tuple(dict.fromkeys([*problems, *wrong, *further]))) from None
    problems += contradictions(settings)
    if problems:
        raise ConfigError(source, tuple(problems))
    return replace(settings, fingerprint=_fingerprint(document), before=None)


def unset_variables(text: str, environ: Mapping[str, str]) -> tuple[Problem, ...]:
    """Where a configuration text wants a variable that is not set; of one that is no YAML, nothing."""
    try:
        return tuple(fill_in(read_yaml(text)[0], environ)[1])
    except yaml.YAMLError:
        return ()


def serving_of_text(text: str, environ: Mapping[str, str], source: str) -> ServingConfig:
    """How a configuration listens, whose other parts want variables that are known elsewhere; raises ConfigError."""
    document, missing = fill_in(read_yaml(text)[0], environ)
    section = document.get("serving", {}) if isinstance(document, Mapping) else {}
    own = tuple(problem for problem in missing if problem[0].startswith("serving"))
    bare = {name: {"-": stand_in} for name, stand_in in _STAND_INS.items()} | {"serving": section}
    try:
        served = _SHAPE.adapter.validate_python(bare | {"graphs": {"-": _bare_graph(bare)}}).serving
    except ValidationError as error:
        raise ConfigError(source, (*own, *_SHAPE.problems(error, document))) from None
    if own:
        raise ConfigError(source, own)
    return served


def router_from(document: Mapping[str, Any], source: str) -> RouterConfig:
    """Read a router that stands alone, as under ``routers`` in the file.

    Raises:
        ConfigError: with every mistake and its path.
    """
    alone = {"router": document}
    try:
        return _ALONE.adapter.validate_python(alone).router
    except ValidationError as error:
        raise ConfigError(source, tuple(_ALONE.problems(error, alone))) from None


def settings_schema() -> dict[str, Any]:
    """The JSON Schema of the file, for editors that complete it."""
    schema = _SHAPE.adapter.json_schema()
    schema["properties"].pop("fingerprint")
    return schema


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
        return contradictions(anchored(_SHAPE.adapter.validate_python(mended), folder))
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
