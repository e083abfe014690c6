"""Expressions in signs, read without ``eval`` and computed over any kind of number."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from numbers import Rational
from typing import Any, Final, TypeVar

Number = TypeVar("Number")
_LONGEST: Final = 400
_LARGEST_POWER: Final = 64
_MOST_BITS: Final = 4_096


def _power(base: Any, exponent: Any) -> Any:
    whole = int(exponent)
    if whole != exponent or abs(whole) > _LARGEST_POWER:
        raise ValueError(f"powers are whole and at most {_LARGEST_POWER}, not {exponent}")
    parts = (int(base.numerator), int(base.denominator)) if isinstance(base, Rational) else ()
    if any(part.bit_length() * abs(whole) > _MOST_BITS for part in parts):
        raise ValueError(f"a power has more than {_MOST_BITS} bits")
    return base**whole


_OPERATORS: Final[dict[type[ast.operator], Callable[[Any, Any], Any]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: _power,
}


def parse(text: str) -> ast.expr:
    """``3x^2 + (x - 1)/2`` as a syntax tree; a factor may stand before a letter or a bracket without a sign.

    Raises:
        ValueError: ``text`` is too long or no expression.
    """
    if len(text) > _LONGEST:
        raise ValueError(f"an expression of {len(text)} signs is longer than {_LONGEST}")
    signs = re.sub(r"(?<=[\da-z)])\s*(?=\()|(?<=[\d)])\s*(?=[a-z])", "*", text.strip().replace("^", "**"))
    # A leading zero is no number in Python, and people write 007.
    signs = re.sub(r"(?<![\d.])0+(?=\d)", "", signs)
    try:
        return ast.parse(signs, mode="eval").body
    except (SyntaxError, MemoryError, RecursionError):
        raise ValueError(f"{text!r} is no expression that I can read") from None


def evaluate(node: ast.expr, number: Callable[[str], Number], names: Mapping[str, Number]) -> Number:
    """The value of a tree; ``number`` makes a number of a literal, ``names`` holds the letters.

    Raises:
        ValueError: a node is neither a sign, a number nor a known letter.
        ZeroDivisionError: a denominator vanishes.
    """
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return number(repr(value))
        case ast.Name(id=letter) if letter in names:
            return names[letter]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -evaluate(operand, number, names)  # type: ignore[operator, no-any-return]
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return evaluate(operand, number, names)
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _OPERATORS:
            first, second = evaluate(left, number, names), evaluate(right, number, names)
            return _OPERATORS[type(sign)](first, second)  # type: ignore[no-any-return]
        case _:
            raise ValueError(f"{ast.unparse(node)[:40]!r} has no place in an expression")


def degrees(node: ast.expr) -> tuple[int, int]:
    """Bounds on the degrees of numerator and denominator of a tree that is written as one quotient.

    Raises:
        ValueError: a power is no plain whole number.
    """
    match node:
        case ast.Name():
            return 1, 0
        case ast.UnaryOp(operand=operand):
            return degrees(operand)
        case ast.BinOp(left=left, op=ast.Pow(), right=ast.Constant(value=int(power))):
            top, bottom = degrees(left)
            return top * power, bottom * power
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div() as sign, right=right):
            return _joined_degrees(sign, degrees(left), degrees(right))
        case ast.Constant():
            return 0, 0
        case _:
            raise ValueError("a power has a plain whole exponent here")


def _joined_degrees(sign: ast.operator, left: tuple[int, int], right: tuple[int, int]) -> tuple[int, int]:
    if isinstance(sign, ast.Mult):
        return left[0] + right[0], left[1] + right[1]
    if isinstance(sign, ast.Div):
        return left[0] + right[1], left[1] + right[0]
    return max(left[0] + right[1], right[0] + left[1]), left[1] + right[1]
