"""Every error of the tree: exported, named by a code, explained, and the same on the other side of a pickle."""

from __future__ import annotations

import importlib
import inspect
import pickle
import pkgutil
from collections import Counter
from typing import Any, get_type_hints

import pytest

from stigmergy import errors
from stigmergy.errors import StigmergyError

SAMPLES: dict[Any, Any] = {
    str: "sample",
    int: 7,
    float: 1.5,
    tuple[str, ...]: ("one", "two"),
    tuple[tuple[str, str], ...]: (("one", "first"), ("two", "second")),
}


def tree(root: type[StigmergyError] = StigmergyError) -> list[type[StigmergyError]]:
    for module in pkgutil.walk_packages(errors.__path__, "stigmergy.errors."):
        importlib.import_module(module.name)
    below = [each for child in root.__subclasses__() for each in tree(child)]
    return [root, *(each for each in below if each.__module__.startswith("stigmergy."))]


TREE = sorted(set(tree()), key=lambda error: error.__name__)


def sample(error: type[StigmergyError]) -> StigmergyError:
    """An instance built from its annotations alone: an error with another kind of fact needs a sample above."""
    if "__init__" not in {name for each in error.__mro__[:-3] for name in vars(each)}:
        return error("sample")
    hints = get_type_hints(error.__init__)
    parameters = list(inspect.signature(error.__init__).parameters.values())[1:]
    assert all(parameter.kind is parameter.POSITIONAL_OR_KEYWORD for parameter in parameters)
    return error(*(SAMPLES[hints[parameter.name]] for parameter in parameters))


@pytest.mark.parametrize("error", TREE, ids=lambda error: error.__name__)
def test_an_error_is_the_same_after_a_pickle(error: type[StigmergyError]) -> None:
    made = sample(error)
    back = pickle.loads(pickle.dumps(made))
    assert type(back) is error
    assert (back.args, str(back), vars(back)) == (made.args, str(made), vars(made))


@pytest.mark.parametrize("error", TREE, ids=lambda error: error.__name__)
def test_an_error_says_its_facts(error: type[StigmergyError]) -> None:
    assert "sample" in str(sample(error)) or any(text in str(sample(error)) for text in ("one", "7", "1.5"))


@pytest.mark.parametrize("error", TREE, ids=lambda error: error.__name__)
def test_an_error_is_exported_and_explained(error: type[StigmergyError]) -> None:
    assert getattr(errors, error.__name__) is error
    assert error.__name__ in errors.__all__
    assert error.__name__ in (errors.__doc__ or ""), "the tree drawn in stigmergy.errors leaves it out"
    assert (vars(error).get("__doc__") or "").strip()


def test_codes_are_unique_and_every_error_has_its_own() -> None:
    assert all("code" in vars(error) for error in TREE)
    assert [code for code, count in Counter(error.code for error in TREE).items() if count > 1] == []


def test_nothing_else_is_exported() -> None:
    assert {error.__name__ for error in TREE} == set(errors.__all__)
