"""The YAML of a training (``stigmergy train rl``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

from pydantic import ConfigDict, Field, ValidationError

from stigmergy.errors import ConfigError
from stigmergy.platform.learning.trainers.rl.config import LearnerConfig, RlTraining
from stigmergy.platform.settings.shape import Shape, read_document, read_text


@dataclass(frozen=True, slots=True, kw_only=True)
class _RlDocument(RlTraining):
    __pydantic_config__ = ConfigDict(extra="forbid", frozen=True)

    learner: Annotated[LearnerConfig, Field(discriminator="kind")]


_SHAPE: Shape[_RlDocument] = Shape(_RlDocument, "unknown key; see METHODS M18 for what may stand here")


def load_training(path: Path, environ: Mapping[str, str]) -> RlTraining:
    """Read a training; ``${NAME}`` is taken from the environment, a relative path of data from the file's folder.

    Raises:
        ConfigError: with every mistake and its path in the file.
    """
    document, problems = read_document(read_text(path), environ, str(path))
    try:
        training = _SHAPE.adapter.validate_python(document)
    except ValidationError as error:
        raise ConfigError(str(path), tuple(dict.fromkeys([*problems, *_SHAPE.problems(error, document)]))) from None
    data = path.parent / training.data
    problems += [] if data.exists() else [("data", f"there is no file or folder {data}")]
    problems += _searched(training)
    if problems:
        raise ConfigError(str(path), tuple(problems))
    return replace(training, data=data)


def _searched(training: RlTraining) -> list[tuple[str, str]]:
    search = training.search
    if search is None:
        return []
    known = {name for name in training.learner.__dataclass_fields__ if name != "kind"}
    places = [(f"search.{part}.{name}", name) for part in ("ranges", "choices") for name in getattr(search, part)]
    return [
        (path, f"the learner {training.learner.kind} has no {name!r}; it has {', '.join(sorted(known))}")
        for path, name in places
        if name not in known
    ]
