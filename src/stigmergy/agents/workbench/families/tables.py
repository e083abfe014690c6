"""Table questions: a small CSV (or two to be joined) inside the query, and one question about it."""

# ruff: noqa: PLR2004 - the shares in which a generator mixes its wordings are data, and each is used once
from __future__ import annotations

import json
import random
import statistics
from collections import defaultdict
from collections.abc import Callable
from fractions import Fraction
from typing import Any, Final

from stigmergy.agents.workbench.families.numeric_answers import score_number
from stigmergy.agents.workbench.families.phrasing import dress
from stigmergy.agents.workbench.task import Difficulty, WorkbenchTask, make_task

_Row = dict[str, Any]
_ITEMS: Final = [
    "apple",
    "bolt",
    "chair",
    "desk",
    "easel",
    "fan",
    "globe",
    "hammer",
    "inkpot",
    "jar",
    "kite",
    "lamp",
    "mirror",
    "nail",
    "oven",
    "pump",
]
_CITIES: Final = ("Oslo", "Lima", "Cairo", "Quito", "Perth", "Turin")
_COUNTRIES: Final = ("Norway", "Peru", "Egypt", "Chile", "Italy")
_TOTALS: Final = {
    "sum": ("total", "sum", "combined amount"),
    "avg": ("average", "mean", "average value"),
    "max": ("maximum", "highest value", "largest value"),
    "min": ("minimum", "lowest value", "smallest value"),
}
_FUNCTIONS: Final[dict[str, Callable[[list[int]], Fraction]]] = {
    "sum": lambda values: Fraction(sum(values)),
    "avg": lambda values: statistics.mean([Fraction(value) for value in values]),
    "max": lambda values: Fraction(max(values)),
    "min": lambda values: Fraction(min(values)),
}
_Question = tuple[str, dict[str, Any]]


def _rows(rng: random.Random) -> list[_Row]:
    items = rng.sample(_ITEMS, rng.randint(5, 8))
    cities = rng.sample(_CITIES, 3)
    prices = rng.sample(range(2, 99), len(items))
    return [
        {
            "item": item,
            "city": cities[index % 3] if index < 3 else rng.choice(cities),
            "qty": rng.randint(1, 40),
            "price": price,
        }
        for index, (item, price) in enumerate(zip(items, prices, strict=True))
    ]


def _csv(rows: list[_Row]) -> str:
    return "\n".join([",".join(rows[0]), *(",".join(str(value) for value in row.values()) for row in rows)])


def _number(value: Fraction) -> dict[str, Any]:
    return {"number": str(value)}


def _synonym(rng: random.Random, function: str, difficulty: Difficulty) -> str:
    return rng.choice(_TOTALS[function][: {"easy": 1, "medium": 2, "hard": 3}[difficulty]])


def _whole(rng: random.Random, rows: list[_Row], difficulty: Difficulty) -> _Question:
    function, column = rng.choice(tuple(_TOTALS)), rng.choice(("qty", "price"))
    value = _FUNCTIONS[function]([row[column] for row in rows])
    return f"What is the {_synonym(rng, function, difficulty)} of {column}?", _number(value)


def _filtered(rng: random.Random, rows: list[_Row], difficulty: Difficulty) -> _Question:
    city, function = rng.choice(rows)["city"], rng.choice(tuple(_TOTALS))
    column = rng.choice(("qty", "price"))
    value = _FUNCTIONS[function]([row[column] for row in rows if row["city"] == city])
    said = _synonym(rng, function, difficulty)
    frames = (f"What is the {said} of {column} where city is {city}?", f"What is the {said} of {column} for {city}?")
    return frames[difficulty != "easy" and rng.random() < 0.6], _number(value)


def _counted(rng: random.Random, rows: list[_Row], difficulty: Difficulty) -> _Question:
    column, limit = rng.choice(("qty", "price")), rng.randint(10, 50)
    over = sum(row[column] > limit for row in rows)
    frames = (f"How many rows have {column} > {limit}?", f"How many rows have a {column} above {limit}?",
              f"In how many rows is {column} greater than {limit}?")  # fmt: skip
    return rng.choice(frames[: {"easy": 1, "medium": 2, "hard": 3}[difficulty]]), _number(Fraction(over))


def _top(rng: random.Random, rows: list[_Row], difficulty: Difficulty) -> _Question:
    highest = rng.random() < 0.5
    row = (max if highest else min)(rows, key=lambda row: row["price"])
    words = ("highest", "largest") if highest else ("lowest", "smallest")
    return f"Which item has the {rng.choice(words[: 1 if difficulty == 'easy' else 2])} price?", {"label": row["item"]}


def _grouped(rng: random.Random, rows: list[_Row], difficulty: Difficulty) -> _Question:
    totals: dict[str, int] = defaultdict(int)
    for row in rows:
        totals[row["city"]] += row["qty"]
    most = max(totals.values())
    best = [city for city, total in totals.items() if total == most]
    said = _synonym(rng, "sum", difficulty)
    frames = (f"Which city has the highest {said} of qty?", f"For which city is the {said} of qty the highest?")
    return frames[difficulty == "hard" and rng.random() < 0.5], {"label": sorted(best)[0], "labels": sorted(best)}


def _runner_up(rng: random.Random, rows: list[_Row], _: Difficulty) -> _Question:
    row = sorted(rows, key=lambda row: -row["price"])[1]
    return f"Which item has the second {rng.choice(('highest', 'largest'))} price?", {"label": row["item"]}


_KINDS: Final[dict[Difficulty, tuple[Callable[[random.Random, list[_Row], Difficulty], _Question], ...]]] = {
    "easy": (_whole, _filtered, _counted, _top),
    "medium": (_filtered, _filtered, _counted, _top, _grouped),
    "hard": (_filtered, _grouped, _counted, _runner_up),
}


def _joined(rng: random.Random, rows: list[_Row], difficulty: Difficulty) -> tuple[str, str, dict[str, Any]]:
    cities = sorted({row["city"] for row in rows})
    home = [
        {"city": city, "country": country} for city, country in zip(cities, rng.sample(_COUNTRIES, 3), strict=False)
    ]
    country = rng.choice(home)["country"]
    inside = {row["city"] for row in home if row["country"] == country}
    function, column = rng.choice(tuple(_TOTALS)), rng.choice(("qty", "price"))
    value = _FUNCTIONS[function]([row[column] for row in rows if row["city"] in inside])
    said = _synonym(rng, function, difficulty)
    frames = (
        f"What is the {said} of {column} where country is {country}?",
        f"What is the {said} of {column} for {country}?",
    )
    return rng.choice(frames), f"```csv\n{_csv(rows)}\n```\n```csv\n{_csv(home)}\n```", _number(value)


def generate(rng: random.Random, difficulty: Difficulty) -> WorkbenchTask:
    """One task; easy ones ask for a total, hard ones mostly need two tables joined."""
    rows = _rows(rng)
    if rng.random() < {"easy": 0.0, "medium": 0.15, "hard": 0.75}[difficulty]:
        question, block, facts = _joined(rng, rows, difficulty)
    else:
        question, facts = rng.choice(_KINDS[difficulty])(rng, rows, difficulty)
        block = f"```csv\n{_csv(rows)}\n```"
    return make_task(f"{dress(rng, question, difficulty)}\n{block}", "tables", difficulty, **facts)


def check(reference: str, answer: str) -> float:
    """1 for the right number (within 1e-6) or the right label (any of a tie, any case), otherwise 0."""
    expected = json.loads(reference)
    if "number" in expected:
        return score_number(Fraction(expected["number"]), {}, answer)
    labels = expected.get("labels", [expected["label"]])
    return float(answer.strip().strip(".\"'").casefold() in {label.casefold() for label in labels})
