"""The raw YAML document: duplicate keys are found, and the environment is filled in."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from typing import Any, TypeAlias

import yaml

Problem: TypeAlias = tuple[str, str]
"""A path in the file, and what is wrong there."""

_VARIABLE = re.compile(r"\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}")


class _Loader(yaml.SafeLoader):
    """Safe YAML that remembers keys stated twice: plain YAML would silently keep the last."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.twice: list[Problem] = []

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002
        seen: set[str] = set()
        for key, _ in node.value:
            name = str(key.value)
            if name in seen and name != "<<":
                self.twice.append((f"line {key.start_mark.line + 1}", f"the name {name!r} is used twice"))
            seen.add(name)
        return super().construct_mapping(node, deep)


def read_yaml(text: str) -> tuple[Any, list[Problem]]:
    """The document and the keys stated twice; raises yaml.YAMLError."""
    loader = _Loader(text)
    try:
        return loader.get_single_data(), loader.twice
    finally:
        loader.dispose()


def fill_in(document: Any, environ: Mapping[str, str], path: str = "") -> tuple[Any, list[Problem]]:
    """The document with ``${NAME}`` and ``${NAME:-default}`` replaced, and the variables that are not set."""
    if isinstance(document, str):
        return _filled(document, environ, path)
    if isinstance(document, Mapping):
        pairs = {key: fill_in(value, environ, f"{path}.{key}".lstrip(".")) for key, value in document.items()}
        return {key: value for key, (value, _) in pairs.items()}, [p for _, found in pairs.values() for p in found]
    if isinstance(document, list):
        items = [fill_in(value, environ, f"{path}[{index}]") for index, value in enumerate(document)]
        return [value for value, _ in items], [p for _, found in items for p in found]
    return document, []


def _filled(text: str, environ: Mapping[str, str], path: str) -> tuple[str, list[Problem]]:
    missing: list[Problem] = []

    def value_of(match: re.Match[str]) -> str:
        name, default = match["name"], match["default"]
        if name not in environ and default is None:
            missing.append((path, f"the environment variable {name} is not set; set it or write ${{{name}:-default}}"))
        return environ.get(name, default or "")

    return _VARIABLE.sub(value_of, text), missing
