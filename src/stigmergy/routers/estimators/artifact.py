"""A fitted estimator with the arms it knows and the vectors it looks at, as one file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from numpy.typing import NDArray

from stigmergy.domain import AgentId, TaskType
from stigmergy.routers.artifact_file import Origin, read_artifact, unreadable, write_artifact
from stigmergy.routers.artifact_forms import Arrays
from stigmergy.routers.estimators.base import Fitted, Predictions, Queries
from stigmergy.routers.estimators.freezing import freeze, thaw
from stigmergy.routers.estimators.substance import Substance
from stigmergy.routers.estimators.views import LatentSemantics

KIND: Final = "estimator"
_FORMAT: Final = 2


@dataclass(frozen=True, slots=True)
class Looks:
    """A view of texts, such as ``views.NGRAMS``, and what makes it."""

    view: str
    embedder: LatentSemantics | Substance


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmModel:
    """What each of A arms is worth on a query.

    Attributes:
        name: of the estimator in the catalog.
        arms: the agents it knows, in the order of its predictions.
        fitted: predicts for these arms.
        looks: the view of the text that it looks at, with what makes that; None for one that looks at no text.
        unit_usd: mean cost of the best single arm, the unit of every trade-off; 1 where that arm is free.
    """

    name: str
    arms: tuple[AgentId, ...]
    fitted: Fitted
    looks: Looks | None
    unit_usd: float

    def predict(self, text: str, task_type: TaskType) -> Predictions:
        """Quality and cost in USD of every arm on one query, both of shape (1, A)."""
        views = {} if self.looks is None else {self.looks.view: self.looks.embedder.embed(text)[None]}
        return self.fitted.predict(Queries(texts=(text,), tasks=(task_type,), views=views))


@dataclass(frozen=True, slots=True)
class ArmArtifact:
    """A model with its origin. ``version`` changes with every bit of either."""

    model: ArmModel
    origin: Origin
    version: str

    def describe(self) -> Mapping[str, Any]:
        """What it contains, as JSON-compatible values."""
        return {
            "kind": KIND,
            "version": self.version,
            "estimator": self.model.name,
            "arms": list(self.model.arms),
            "unit_usd": self.model.unit_usd,
            **self.origin.to_dict(),
        }


def save_arms(path: Path, model: ArmModel, origin: Origin) -> ArmArtifact:
    """Write a model; equal models of equal origin give equal files."""
    arrays: dict[str, NDArray[Any]] = {}
    header = {
        "estimator": model.name,
        "arms": list(model.arms),
        "fitted": freeze(model.fitted, arrays),
        "unit_usd": model.unit_usd,
        "looks": None,
        "origin": origin.to_dict(),
    }
    if model.looks is not None:
        header["looks"] = {"view": model.looks.view, "embedder": freeze(model.looks.embedder, arrays)}
    return ArmArtifact(model, origin, write_artifact(path, KIND, _FORMAT, header, arrays))


def load_arms(path: Path) -> ArmArtifact:
    """Read what ``save_arms`` wrote.

    Raises:
        InvalidArtifact: it is no artifact of this kind and format, or was changed.
    """
    opened = read_artifact(path, KIND, _FORMAT)
    try:
        return ArmArtifact(_model(opened.header, opened.arrays), Origin(**opened.header["origin"]), opened.version)
    except (ValueError, KeyError, TypeError) as error:
        raise unreadable(path, error) from None


def _model(header: Mapping[str, Any], arrays: Arrays) -> ArmModel:
    looks = header["looks"]
    return ArmModel(
        name=header["estimator"],
        arms=tuple(header["arms"]),
        fitted=thaw(header["fitted"], arrays),
        looks=None if looks is None else Looks(looks["view"], thaw(looks["embedder"], arrays)),
        unit_usd=header["unit_usd"],
    )
