"""The restricted interpreter runs plain programs as Python does, and refuses everything else."""

from __future__ import annotations

import contextlib
import io
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.agents.workbench.solving.interpreter import run_program

STEPS = 30_000


@pytest.mark.parametrize(
    "code",
    [
        "a = 7\nb = a // 2\nprint(a, b, a % b, -a, a ** 3)",
        "x, y = 1, 2\nx, y = y, x\nprint(x, y)",
        "v = [3, 1, 2]\nw = v\nw += [9]\nv[0] += 5\nprint(v, sorted(v), len(w), v[1:], v[::-1], v[-1])",
        "for i in range(3):\n    if i == 1:\n        continue\n    print(i)",
        "for c in 'abc':\n    if c == 'b':\n        break\nprint(c)",
        "n = 10\nwhile n > 1 and not n == 4:\n    n -= 2\nprint(n, 'ok' if n == 4 else 'no')",
        "def f(n):\n    if n < 2:\n        return n\n    return f(n - 1) + f(n - 2)\nprint(f(10))",
        "s = 'Hello'\nprint(s.upper() + '!' * 3, s[0], s.count('l'), '-'.join(['a', 'b']), s.split('l'))",
        "print([1, 'a', (2,), None, True], (1, 2), [], 'x' in 'xyz', 1 < 2 < 3, str(5) + 'a', int('12') + 1)",
        "def g(a):\n    a.append(4)\nv = []\ng(v)\nprint(v, g(v), max(1, 5), min([4, 2]), sum(range(5)), abs(-3))",
        "x = 5\ndef h():\n    x = 1\n    return x\nprint(h(), x, x is None)",
    ],
)  # fmt: skip
def test_a_plain_program_prints_what_python_prints(code: str) -> None:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, {})
    assert run_program(code, STEPS) == printed.getvalue().rstrip("\n")


@pytest.mark.parametrize(
    "code",
    [
        "import os",
        "from os import path",
        "__import__('os')",
        "print(().__class__)",
        "print(().__class__.__bases__[0].__subclasses__())",
        "'{0.__class__}'.format(1)",
        "print('%99999999d' % 1)",
        "open('x')",
        "eval('1')",
        "exec('1')",
        "getattr(1, 'real')",
        "print(globals())",
        "x = lambda: 1",
        "class A:\n    pass",
        "with open('x') as f:\n    pass",
        "try:\n    pass\nexcept:\n    pass",
        "print = 3",
        "__builtins__ = 1",
        "def f(*a):\n    pass",
        "def f(a=1):\n    pass",
        "@f\ndef g():\n    pass",
        "x = 1.5",
        "x = 1 / 2",
        "x = {1: 2}",
        "print(1, sep='')",
        "x = [i for i in range(3)]",
        "break",
        "return 1",
        "global x",
        "x = b'1'",
        "def f():\n    x += 1\nx = 1\nf()",
    ],
)
def test_what_is_not_known_is_refused(code: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        run_program(code, STEPS)


@pytest.mark.parametrize(
    "code",
    [
        "while True:\n    pass",
        "def f(n):\n    return f(n + 1)\nf(1)",
        "v = [1]\nfor x in v:\n    v.append(x)",
        "x = 2\nfor i in range(99):\n    x = x ** 2",
        "x = 1 << 999999999",
        "s = 'a' * 999999999",
        "v = [0] * 999999999",
        "a = [1]\nfor i in range(99):\n    a = [a, a]\nprint(a)",
        "a = ()\nb = ()\nfor i in range(99):\n    a = (a, a)\n    b = (b, b)\nprint(a == b)",
        "a = [1]\na.append(a)\nprint(a)",
        "for i in range(9999999999):\n    pass",
        "print(" + "-" * 5000 + "1)",
        "x = " + "(" * 3000 + "1" + ")" * 3000,
        "s = 'ab' * 900\nfor i in range(99):\n    s = s.join([s, s, s])",
    ],
)
def test_a_program_that_would_use_up_time_or_memory_is_stopped_soon(code: str) -> None:
    started = time.perf_counter()
    with pytest.raises(ValueError, match=r"."):
        run_program(code, STEPS)
    assert time.perf_counter() - started < 2.0


def test_more_steps_let_a_longer_program_end() -> None:
    code = "t = 0\nfor i in range(900):\n    t += i\nprint(t)"
    with pytest.raises(ValueError, match="more steps"):
        run_program(code, 1_000)
    assert run_program(code, STEPS) == str(sum(range(900)))


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=8), st.integers(1, 9))
@settings(max_examples=40, deadline=None)
def test_sums_and_selections_agree_with_python(values: list[int], divisor: int) -> None:
    loop = f"for x in v:\n    if x % {divisor} == 0:\n        out.append(x * 2)\n"
    code = f"v = {values}\nout = []\n{loop}print(out, sum(v), max(v))"
    assert run_program(code, STEPS) == f"{[x * 2 for x in values if x % divisor == 0]} {sum(values)} {max(values)}"
