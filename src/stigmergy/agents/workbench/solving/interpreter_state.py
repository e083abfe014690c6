"""What a running program of the restricted interpreter has: steps left, names, functions, printed lines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from stigmergy.agents.workbench.solving.interpreter_values import BUILTINS, Value

PRINT: Final = "print"
_DEEPEST_CALL: Final = 25


@dataclass(slots=True)
class Frame:
    """The names of one call; ``owned`` are those that its function assigns anywhere, which hide global ones."""

    values: dict[str, Value] = field(default_factory=dict)
    owned: frozenset[str] = frozenset()


@dataclass(slots=True)
class State:
    """One run."""

    steps_left: int
    functions: dict[str, Callable[[list[Value]], Value]] = field(default_factory=dict)
    output: list[str] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=lambda: [Frame()])

    def charge(self, steps: int) -> None:
        """Use up ``steps``.

        Raises:
            ValueError: none are left.
        """
        self.steps_left -= steps
        if self.steps_left < 0:
            raise ValueError("the program takes more steps than I take")

    def name(self, name: str) -> Value:
        """The value of a name, local before global.

        Raises:
            ValueError: the name has no value here.
        """
        frame = self.frames[-1]
        if name in frame.values:
            return frame.values[name]
        if name not in frame.owned and name in self.frames[0].values:
            return self.frames[0].values[name]
        raise ValueError(f"the name {name!r} has no value here")

    def set_name(self, name: str, value: Value) -> None:
        """Give a name of the running function a value.

        Raises:
            ValueError: the name is that of a function, or no plain one.
        """
        if name.startswith("__") or name in BUILTINS or name in self.functions or name == PRINT:
            raise ValueError(f"the name {name!r} is not free")
        self.frames[-1].values[name] = value

    def enter(self, frame: Frame) -> None:
        """Start a call.

        Raises:
            ValueError: calls are nested too deeply.
        """
        if len(self.frames) > _DEEPEST_CALL:
            raise ValueError(f"calls are nested more than {_DEEPEST_CALL} deep")
        self.frames.append(frame)

    def leave(self) -> None:
        """End the newest call."""
        self.frames.pop()
