"""Small Python programs: what do they print?"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Final

from stigmergy.agents.workbench.families.phrasing import dress
from stigmergy.agents.workbench.task import Difficulty, WorkbenchTask, make_task

_Program = tuple[str, str]
"""A program's text and what it prints; the second is worked out by the same steps in this module's own Python."""
_FRUIT: Final = ("fig", "plum", "pear", "kiwi", "lime", "date", "guava", "melon")


def _assign(rng: random.Random) -> _Program:
    a, b, c = rng.randint(2, 40), rng.randint(2, 30), rng.randint(2, 9)
    return f"a = {a}\nb = {b}\nc = a * {c} - b\nprint(c)", str(a * c - b)


def _divide(rng: random.Random) -> _Program:
    a, b = rng.randint(20, 300), rng.randint(3, 17)
    return f"total = {a}\nparts = {b}\nprint(total // parts, total % parts)", f"{a // b} {a % b}"


def _string(rng: random.Random) -> _Program:
    word, times = rng.choice(_FRUIT), rng.randint(2, 4)
    return f'word = "{word}"\nprint(word * {times} + "!")', word * times + "!"


def _loop(rng: random.Random) -> _Program:
    stop, step, start = rng.randint(8, 40), rng.randint(2, 5), rng.randint(0, 9)
    text = f"total = {start}\nfor i in range(0, {stop}, {step}):\n    total += i\nprint(total)"
    return text, str(start + sum(range(0, stop, step)))


def _branches(rng: random.Random) -> _Program:
    stop, divisor = rng.randint(10, 30), rng.randint(2, 5)
    text = (f"odd = 0\neven = 0\nfor n in range({stop}):\n    if n % {divisor} == 0:\n        even += n\n"
            "    else:\n        odd += 1\nprint(even, odd)")  # fmt: skip
    return text, f"{sum(range(0, stop, divisor))} {sum(n % divisor != 0 for n in range(stop))}"


def _list(rng: random.Random) -> _Program:
    values, factor = [rng.randint(1, 20) for _ in range(5)], rng.randint(2, 6)
    text = (f"values = {values}\nout = []\nfor v in values:\n    if v > {values[0]}:\n"
            f"        out.append(v * {factor})\nprint(out)")  # fmt: skip
    return text, str([v * factor for v in values if v > values[0]])


def _strings(rng: random.Random) -> _Program:
    words = rng.sample(_FRUIT, 3)
    text = (f'words = {words}\nkey = ""\nfor word in words:\n    key = key + word[0].upper() + word[-1]\n'
            "print(key, len(key))")  # fmt: skip
    return text, "".join(word[0].upper() + word[-1] for word in words) + " 6"


def _function(rng: random.Random) -> _Program:
    a, b, n = rng.randint(2, 9), rng.randint(1, 9), rng.randint(3, 6)
    text = (f"def step(x):\n    if x % 2 == 0:\n        return x // 2\n    return {a} * x + {b}\n\n"
            f"x = {n}\nfor _ in range({n + 3}):\n    x = step(x)\nprint(x)")  # fmt: skip
    x = n
    for _ in range(n + 3):
        x = x // 2 if x % 2 == 0 else a * x + b
    return text, str(x)


def _recursion(rng: random.Random) -> _Program:
    n, a, b = rng.randint(6, 11), rng.randint(1, 4), rng.randint(1, 4)
    text = f"def f(n):\n    if n < 2:\n        return {a} + n * {b}\n    return f(n - 1) + f(n - 2)\n\nprint(f({n}))"
    low, high = a, a + b
    for _ in range(n - 1):
        low, high = high, low + high
    return text, str(high)


def _while(rng: random.Random) -> _Program:
    seed, factor, modulus = rng.randint(2, 30), rng.randint(3, 9), rng.choice((31, 37, 41))
    text = (f"x = {seed}\nseen = []\nwhile x not in seen:\n    seen.append(x)\n    x = (x * {factor} + 1) % {modulus}\n"
            "print(len(seen), max(seen), x)")  # fmt: skip
    x, seen = seed, list[int]()
    while x not in seen:
        seen.append(x)
        x = (x * factor + 1) % modulus
    return text, f"{len(seen)} {max(seen)} {x}"


def _nested(rng: random.Random) -> _Program:
    rows, columns, divisor = rng.randint(6, 24), rng.randint(6, 24), rng.randint(3, 7)
    text = (f"count = 0\nfor i in range({rows}):\n    for j in range({columns}):\n"
            f"        if (i * j + i) % {divisor} == 1:\n            count += 1\nprint(count)")  # fmt: skip
    return text, str(sum((i * j + i) % divisor == 1 for i in range(rows) for j in range(columns)))


def _dictionary(rng: random.Random) -> _Program:
    words = [rng.choice(_FRUIT) for _ in range(6)]
    text = (f"counts = {{}}\nfor word in {words}:\n    counts[word] = counts.get(word, 0) + 1\n"
            "print(len(counts), max(counts.values()))")  # fmt: skip
    return text, f"{len(set(words))} {max(map(words.count, words))}"


_KINDS: Final[dict[Difficulty, tuple[Callable[[random.Random], _Program], ...]]] = {
    "easy": (_assign, _divide, _string, _loop),
    "medium": (_loop, _branches, _list, _strings, _function),
    "hard": (_function, _function, _recursion, _recursion, _while, _while, _nested, _dictionary),
}
_FRAMES: Final = {
    "easy": ("What does this print?",),
    "medium": ("What does this print?", "What does this Python program print?"),
    "hard": (
        "Predict the output of the following snippet.",
        "What will be on the screen after this runs?",
        "What is the output here?",
    ),
}


def generate(rng: random.Random, difficulty: Difficulty) -> WorkbenchTask:
    """One task; easy ones have no branches, hard ones functions, recursion, open loops or many steps."""
    program, output = rng.choice(_KINDS[difficulty])(rng)
    question = dress(rng, rng.choice(_FRAMES[difficulty]), difficulty)
    mark = "python" if difficulty != "hard" else rng.choice(("python", "python", "py", ""))
    return make_task(f"{question}\n```{mark}\n{program}\n```", "python", difficulty, output=output)


def check(reference: str, answer: str) -> float:
    """1 for the printed text (space at the ends and runs of blanks do not count), otherwise 0."""
    return float(answer.split() == json.loads(reference)["output"].split())
