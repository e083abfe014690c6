"""The expressions of the restricted interpreter, one function per kind of node."""

# ruff: noqa: TRY004 - what is wrong is the program that was given, so every refusal is a ValueError
from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, Final

from stigmergy.agents.workbench.solving.interpreter_state import PRINT, State
from stigmergy.agents.workbench.solving.interpreter_values import (
    BUILTINS,
    Value,
    binary,
    call_method,
    checked,
    compare,
    show,
)


def value_of(state: State, node: ast.expr) -> Value:
    """The value of an expression.

    Raises:
        ValueError: its kind is not known here, or a limit is reached.
        ArithmeticError, LookupError, TypeError: the program itself fails so.
    """
    state.charge(1)
    evaluate = _KINDS.get(type(node))
    if evaluate is None:
        raise ValueError(f"{type(node).__name__} is not known here")
    return evaluate(state, node)


def item_place(state: State, node: ast.Subscript) -> tuple[list[Value], Value]:
    """The list and the index that a subscript on the left of an assignment names."""
    box = value_of(state, node.value)
    if not isinstance(box, list) or isinstance(node.slice, ast.Slice):
        raise ValueError("only single items of lists can be assigned")
    return box, value_of(state, node.slice)


def _binary(state: State, node: ast.BinOp) -> Value:
    return binary(node.op, value_of(state, node.left), value_of(state, node.right), state.charge)


def _unary(state: State, node: ast.UnaryOp) -> Value:
    operand = value_of(state, node.operand)
    if isinstance(node.op, ast.Not):
        return not operand
    if isinstance(node.op, ast.USub):
        return checked(-operand)
    raise ValueError(f"{type(node.op).__name__} is not known here")


def _logical(state: State, node: ast.BoolOp) -> Value:
    ends_at = isinstance(node.op, ast.Or)
    result: Value = not ends_at
    for part in node.values:
        result = value_of(state, part)
        if bool(result) is ends_at:
            break
    return result


def _conditional(state: State, node: ast.IfExp) -> Value:
    return value_of(state, node.body if value_of(state, node.test) else node.orelse)


def _comparison(state: State, node: ast.Compare) -> bool:
    left = value_of(state, node.left)
    for sign, right_node in zip(node.ops, node.comparators, strict=True):
        right = value_of(state, right_node)
        if not compare(sign, left, right, state.charge):
            return False
        left = right
    return True


def _item(state: State, node: ast.Subscript) -> Value:
    owner, index = value_of(state, node.value), node.slice
    if not isinstance(owner, list | tuple | str | range):
        raise ValueError(f"{type(owner).__name__} has no items")
    if not isinstance(index, ast.Slice):
        return owner[value_of(state, index)]
    state.charge(len(owner))
    bounds = (None if part is None else value_of(state, part) for part in (index.lower, index.upper, index.step))
    return owner[slice(*bounds)]


def _print(state: State, arguments: list[Value]) -> None:
    line = " ".join(show(argument, state.charge) for argument in arguments)
    state.charge(len(line))
    state.output.append(line)


def _call(state: State, node: ast.Call) -> Value:
    if node.keywords:
        raise ValueError("named arguments are not known here")
    arguments = [value_of(state, argument) for argument in node.args]
    match node.func:
        case ast.Name(id=name) if name == PRINT:
            return _print(state, arguments)
        case ast.Name(id=name) if name in state.functions:
            return state.functions[name](arguments)
        case ast.Name(id=name) if name in BUILTINS:
            return BUILTINS[name](state.charge, *arguments)
        case ast.Attribute(value=owner, attr=name):
            return call_method(value_of(state, owner), name, arguments, state.charge)
        case _:
            raise ValueError("this call is not known here")


_KINDS: Final[dict[type[ast.expr], Callable[[State, Any], Value]]] = {
    ast.Constant: lambda _, node: checked(node.value),
    ast.Name: lambda state, node: state.name(node.id),
    ast.List: lambda state, node: checked([value_of(state, item) for item in node.elts]),
    ast.Tuple: lambda state, node: checked(tuple(value_of(state, item) for item in node.elts)),
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.BoolOp: _logical,
    ast.IfExp: _conditional,
    ast.Compare: _comparison,
    ast.Subscript: _item,
    ast.Call: _call,
}
