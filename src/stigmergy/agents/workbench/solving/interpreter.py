"""A restricted Python: a tree walk over ``ast`` that knows neither imports, attributes, classes nor files.

What it knows: whole numbers, strings, lists, tuples, ``if``, ``for``, ``while``, functions with plain parameters, a few
builtins and methods. Everything else is refused when the program comes to it.
"""

# ruff: noqa: TRY004 - what is wrong is the program that was given, so every refusal is a ValueError
from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from stigmergy.agents.workbench.solving.interpreter_expressions import item_place, value_of
from stigmergy.agents.workbench.solving.interpreter_state import PRINT, Frame, State
from stigmergy.agents.workbench.solving.interpreter_values import BUILTINS, Value, binary

_LONGEST_CODE: Final = 8_000
_LONGEST_OUTPUT: Final = 4_000


class _Break(Exception):
    """``break``, on its way to the loop."""


class _Continue(Exception):
    """``continue``, on its way to the loop."""


class _Return(Exception):
    """``return``, on its way to the call; ``value`` is what it brings."""

    def __init__(self, value: Value) -> None:
        super().__init__(value)
        self.value = value


def _run(state: State, body: Sequence[ast.stmt]) -> None:
    for statement in body:
        state.charge(1)
        execute = _KINDS.get(type(statement))
        if execute is None:
            raise ValueError(f"{type(statement).__name__} is not known here")
        execute(state, statement)


def _assign(state: State, target: ast.expr, value: Value) -> None:
    match target:
        case ast.Name(id=name):
            state.set_name(name, value)
        case ast.Tuple(elts=targets) if isinstance(value, list | tuple | str) and len(targets) == len(value):
            for part, item in zip(targets, value, strict=True):
                _assign(state, part, item)
        case ast.Subscript():
            box, index = item_place(state, target)
            box[index] = value
        case _:
            raise ValueError(f"cannot assign to {type(target).__name__}")


def _assignment(state: State, node: ast.Assign) -> None:
    value = value_of(state, node.value)
    for target in node.targets:
        _assign(state, target, value)


def _augmentation(state: State, node: ast.AugAssign) -> None:
    if isinstance(node.target, ast.Subscript):
        box, index = item_place(state, node.target)
        box[index] = _augmented(state, node, box[index])
    elif isinstance(node.target, ast.Name):
        state.set_name(node.target.id, _augmented(state, node, state.name(node.target.id)))
    else:
        raise ValueError("cannot assign to an attribute")


def _augmented(state: State, node: ast.AugAssign, current: Value) -> Value:
    value = value_of(state, node.value)
    if not isinstance(current, list):
        return binary(node.op, current, value, state.charge)
    # In Python this changes the list itself, which other names may share.
    current[:] = binary(node.op, current, list(value) if isinstance(node.op, ast.Add) else value, state.charge)
    return current


def _choice(state: State, node: ast.If) -> None:
    _run(state, node.body if value_of(state, node.test) else node.orelse)


def _passes(state: State, loop: ast.For | ast.While) -> Iterator[None]:
    if isinstance(loop, ast.While):
        while value_of(state, loop.test):
            yield
        return
    items = value_of(state, loop.iter)
    if not isinstance(items, list | tuple | str | range):
        raise ValueError("a loop goes over a list, a tuple, a string or a range")
    for item in items:
        _assign(state, loop.target, item)
        yield


def _loop(state: State, loop: ast.For | ast.While) -> None:
    if loop.orelse:
        raise ValueError("a loop with else is not known here")
    for _ in _passes(state, loop):
        state.charge(1)
        try:
            _run(state, loop.body)
        except _Break:
            return
        except _Continue:
            continue


def _definition(state: State, node: ast.FunctionDef) -> None:
    given = node.args
    extra = (given.posonlyargs, given.vararg, given.kwonlyargs, given.kwarg, given.defaults, node.decorator_list)
    taken = node.name in BUILTINS or node.name == PRINT or node.name in state.frames[0].values
    if any(extra) or taken or len(state.frames) > 1:
        raise ValueError(f"the function {node.name!r} is more than a plain one")
    parameters = [parameter.arg for parameter in given.args]
    stored = {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}
    owned = frozenset(stored.union(parameters))

    def call(arguments: list[Value]) -> Value:
        if len(parameters) != len(arguments):
            raise ValueError(f"{node.name} takes {len(parameters)} arguments, not {len(arguments)}")
        state.enter(Frame(dict(zip(parameters, arguments, strict=True)), owned))
        try:
            _run(state, node.body)
        except _Return as result:
            return result.value
        finally:
            state.leave()
        return None

    state.functions[node.name] = call


def _return(state: State, node: ast.Return) -> None:
    raise _Return(None if node.value is None else value_of(state, node.value))


def _raise(leap: type[Exception]) -> Callable[[State, Any], None]:
    def execute(_: State, __: ast.stmt) -> None:
        raise leap

    return execute


_KINDS: Final[dict[type[ast.stmt], Callable[[State, Any], Any]]] = {
    ast.Expr: lambda state, node: value_of(state, node.value),
    ast.Assign: _assignment,
    ast.AugAssign: _augmentation,
    ast.If: _choice,
    ast.For: _loop,
    ast.While: _loop,
    ast.FunctionDef: _definition,
    ast.Return: _return,
    ast.Break: _raise(_Break),
    ast.Continue: _raise(_Continue),
    ast.Pass: lambda _, __: None,
}


def run_program(code: str, max_steps: int) -> str:
    """What ``code`` prints, line by line.

    Args:
        code: the program's text.
        max_steps: the most steps it may take; a step is a statement, an expression, or an item of a list touched.

    Raises:
        ValueError: the program uses something that is not known here, is too long, too deep or takes too many steps.
        ArithmeticError, LookupError, TypeError, AttributeError: the program itself fails so.
    """
    if len(code) > _LONGEST_CODE:
        raise ValueError(f"a program of {len(code)} characters is longer than {_LONGEST_CODE}")
    state = State(max_steps)
    try:
        _run(state, _parsed(code))
    except (RecursionError, MemoryError, _Break, _Continue, _Return) as fault:
        raise ValueError(f"this is no program that I can run ({type(fault).__name__})") from None
    text = "\n".join(state.output)
    if len(text) > _LONGEST_OUTPUT:
        raise ValueError(f"it prints {len(text)} characters, more than {_LONGEST_OUTPUT}")
    return text


def _parsed(code: str) -> list[ast.stmt]:
    # Python warns of odd literals ("\d", 1if x) while parsing; here they are the asker's affair.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(code).body
        except SyntaxError:
            raise ValueError("this is no Python") from None
