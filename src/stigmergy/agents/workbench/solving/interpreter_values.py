"""The values of the restricted interpreter: whole numbers, strings, truth values, None, lists, tuples, ranges.

Every operation is charged by the size of what it touches and refuses results above fixed sizes, so that a program can
use up neither the machine's time nor its memory. Lists are compared only when they are flat: nested ones that share
parts would take exponential time.
"""

# ruff: noqa: TRY004 - what is wrong is the program that was given, so every refusal is a ValueError
from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any, Final, TypeAlias

Value: TypeAlias = Any
Charge: TypeAlias = Callable[[int], None]
LONGEST: Final = 2_000
MOST_BITS: Final = 2_048
_SIZED: Final = (str, list, tuple, range)
_ALLOWED: Final = (int, str, list, tuple, range, type(None))
_ARITHMETIC: Final[dict[type[ast.operator], Callable[[Value, Value], Value]]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod, ast.Pow: operator.pow, ast.BitAnd: operator.and_, ast.BitOr: operator.or_,
    ast.BitXor: operator.xor, ast.LShift: operator.lshift, ast.RShift: operator.rshift,
}  # fmt: skip
_COMPARISONS: Final[dict[type[ast.cmpop], Callable[[Value, Value], bool]]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt,
    ast.GtE: operator.ge, ast.In: lambda item, box: item in box, ast.NotIn: lambda item, box: item not in box,
}  # fmt: skip
_METHODS: Final[dict[type, frozenset[str]]] = {
    str: frozenset(
        [
            "upper",
            "lower",
            "title",
            "strip",
            "split",
            "count",
            "find",
            "startswith",
            "endswith",
            "index",
            "isdigit",
            "isalpha",
        ]
    ),
    list: frozenset(["append", "pop", "index", "count", "reverse", "copy"]),
    tuple: frozenset(("index", "count")),
}


def checked(value: Value) -> Value:
    """``value`` itself if it is of an allowed kind and size.

    Raises:
        ValueError: it is a float or another kind of value, or too large.
    """
    if not isinstance(value, _ALLOWED):
        raise ValueError(f"{type(value).__name__} values are not known here")
    if isinstance(value, _SIZED) and len(value) > LONGEST:
        raise ValueError(f"a value of length {len(value)} is longer than {LONGEST}")
    if isinstance(value, int) and value.bit_length() > MOST_BITS:
        raise ValueError(f"a number has more than {MOST_BITS} bits")
    return value


def _flat(value: Value) -> Value:
    if isinstance(value, list | tuple) and any(isinstance(item, list | tuple) for item in value):
        raise ValueError("nested lists are not compared here")
    return value


def _fits(sign: ast.operator, left: Value, right: Value) -> bool:
    """Whether the result is surely small: it is checked before it is made."""
    if isinstance(sign, ast.Mult) and (isinstance(left, _SIZED) or isinstance(right, _SIZED)):
        size, times = (len(left), right) if isinstance(left, _SIZED) else (len(right), left)
        return isinstance(times, int) and size * max(times, 0) <= LONGEST
    if isinstance(sign, ast.Pow):
        return bool(0 <= right <= MOST_BITS and left.bit_length() * right <= MOST_BITS)
    if isinstance(sign, ast.LShift):
        return bool(0 <= right <= MOST_BITS)
    return not (isinstance(sign, ast.Mod) and isinstance(left, str))


def binary(sign: ast.operator, left: Value, right: Value, charge: Charge) -> Value:
    """``left sign right``; true division is unknown, since there are no floats."""
    if type(sign) not in _ARITHMETIC or not _fits(sign, left, right):
        raise ValueError(f"{type(sign).__name__} is not known here for such values")
    result = checked(_ARITHMETIC[type(sign)](left, right))
    charge(len(result) if isinstance(result, _SIZED) else 1)
    return result


def _is_none(left: Value, right: Value) -> bool:
    if left is not None and right is not None:
        raise ValueError("only None is compared by identity here")
    return left is right


def compare(sign: ast.cmpop, left: Value, right: Value, charge: Charge) -> bool:
    """``left sign right`` for flat values."""
    if isinstance(sign, ast.Is | ast.IsNot):
        return _is_none(left, right) is isinstance(sign, ast.Is)
    charge(sum(len(side) for side in (left, right) if isinstance(side, _SIZED)))
    return bool(_COMPARISONS[type(sign)](_flat(left), _flat(right)))


def render(value: Value, charge: Charge) -> str:
    """``repr`` of a value, charged for every item it holds."""
    charge(1)
    if isinstance(value, list | tuple):
        inner = ", ".join(render(item, charge) for item in value)
        if isinstance(value, list):
            return f"[{inner}]"
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    return repr(value)


def show(value: Value, charge: Charge) -> str:
    """``str`` of a value."""
    return value if isinstance(value, str) else render(value, charge)


def call_method(owner: Value, name: str, arguments: list[Value], charge: Charge) -> Value:
    """``owner.name(*arguments)`` for the few methods that are known here."""
    if name == "join" and isinstance(owner, str):
        return _join(owner, *arguments, charge=charge)
    if name not in _METHODS.get(type(owner), ()):
        raise ValueError(f"{type(owner).__name__} has no method {name!r} here")
    for value in (owner, *arguments):
        charge(len(value) if isinstance(value, _SIZED) else 1)
    if name in ("index", "count"):
        _flat(owner)
    result = checked(getattr(owner, name)(*arguments))
    checked(owner)
    return result


def _join(glue: str, parts: Value, *, charge: Charge) -> str:
    size = sum(len(part) + len(glue) for part in parts)
    charge(size)
    if size > LONGEST:
        raise ValueError(f"a value of length {size} is longer than {LONGEST}")
    return glue.join(parts)


def _whole(charge: Charge, text: Value) -> int:
    charge(1)
    if not isinstance(text, int | str):
        raise ValueError("int() takes a number or its digits")
    return int(checked(text))


def _length(charge: Charge, value: Value) -> int:
    charge(1)
    return len(value)


def _range(charge: Charge, *bounds: Value) -> range:
    charge(1)
    numbers: range = checked(range(*bounds))
    return numbers


def _absolute(charge: Charge, value: Value) -> int:
    charge(1)
    size: int = abs(value)
    return size


def _over_items(function: Callable[[list[Value]], Value]) -> Callable[..., Value]:
    def apply(charge: Charge, *arguments: Value) -> Value:
        items = arguments[0] if len(arguments) == 1 else arguments
        charge(len(items))
        return checked(function(_flat(list(items))))

    return apply


BUILTINS: Final[dict[str, Callable[..., Value]]] = {
    "len": _length,
    "range": _range,
    "abs": _absolute,
    "int": _whole,
    "str": lambda charge, value: show(value, charge),
    "sum": _over_items(sum),
    "min": _over_items(min),
    "max": _over_items(max),
    "sorted": _over_items(sorted),
    "list": _over_items(list),
}
"""Functions by name; each takes what charges steps, then its arguments."""
