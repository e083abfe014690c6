"""Fitted estimators as JSON and arrays, and back. Only the classes named here can be read: nothing else is run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from stigmergy.routers.estimators.average import FittedAverage
from stigmergy.routers.estimators.base import Outcomes
from stigmergy.routers.estimators.boilerplate import Boilerplate
from stigmergy.routers.estimators.centroid import FittedCentroid, Profiles
from stigmergy.routers.estimators.means import FittedMeans
from stigmergy.routers.estimators.nearest import FittedNearest
from stigmergy.routers.estimators.per_task import FittedTasks
from stigmergy.routers.estimators.ridge import FittedRidge
from stigmergy.routers.estimators.substance import Substance
from stigmergy.routers.estimators.views import LatentSemantics
from stigmergy.routers.query_features import HashedNgrams

_CLASSES: Final[Mapping[str, type[Any]]] = {
    each.__name__: each
    for each in (
        Boilerplate,
        FittedAverage,
        FittedCentroid,
        FittedMeans,
        FittedNearest,
        FittedRidge,
        FittedTasks,
        LatentSemantics,
        Outcomes,
        Profiles,
        Substance,
    )
}
_ARRAY, _CLASS, _TUPLE, _MAPPING, _NGRAMS = "array", "class", "tuple", "mapping", "ngrams"


def freeze(value: Any, arrays: dict[str, NDArray[Any]]) -> Any:
    """The value as JSON; every array in it goes to ``arrays``, and its name stands in its place.

    Raises:
        TypeError: something in it is of a class that cannot be stored.
    """
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, np.ndarray):
        name = f"a{len(arrays)}"
        arrays[name] = value
        return {_ARRAY: name}
    if isinstance(value, tuple):
        return {_TUPLE: [freeze(each, arrays) for each in value]}
    if isinstance(value, Mapping):
        return {_MAPPING: {key: freeze(each, arrays) for key, each in value.items()}}
    if isinstance(value, HashedNgrams):
        return {_NGRAMS: value.bits}
    if _CLASSES.get(type(value).__name__) is not type(value):
        raise TypeError(f"{type(value).__name__} cannot be stored in an artifact")
    stored = {field.name: freeze(getattr(value, field.name), arrays) for field in fields(value)}
    return {_CLASS: type(value).__name__, "fields": stored}


def thaw(document: Any, arrays: Mapping[str, NDArray[Any]]) -> Any:
    """What ``freeze`` was given; raises KeyError for a class or an array that is not known."""
    if not isinstance(document, Mapping):
        return document
    if _ARRAY in document:
        return arrays[document[_ARRAY]]
    if _TUPLE in document:
        return tuple(thaw(each, arrays) for each in document[_TUPLE])
    if _MAPPING in document:
        return {key: thaw(each, arrays) for key, each in document[_MAPPING].items()}
    if _NGRAMS in document:
        return HashedNgrams(document[_NGRAMS])
    stored = {name: thaw(each, arrays) for name, each in document["fields"].items()}
    return _CLASSES[document[_CLASS]](**stored)
