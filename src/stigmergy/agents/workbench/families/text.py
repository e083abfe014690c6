"""Text transformations: one step, or several after one another, on a quoted text."""

# ruff: noqa: PLR2004 - the shares in which a generator mixes its wordings are data, and each is used once
from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Final

from stigmergy.agents.workbench.families.phrasing import dress, say_number
from stigmergy.agents.workbench.task import Difficulty, WorkbenchTask, make_task

_WORDS: Final = [
    "amber",
    "basket",
    "candle",
    "desert",
    "engine",
    "forest",
    "garden",
    "harbour",
    "island",
    "jungle",
    "kettle",
    "ladder",
    "marble",
    "needle",
    "orange",
    "pencil",
    "quarry",
    "river",
    "silver",
    "timber",
    "umbrella",
    "valley",
    "window",
    "yellow",
    "zebra",
    "autumn",
    "bridge",
    "copper",
    "dragon",
    "eagle",
    "falcon",
    "glacier",
]
_VOWELS: Final = "aeiou"
# step -> phrasings as (imperative, by difficulty: first plain, later ones for medium and hard)
_SAYINGS: Final = {
    "reverse": ("reverse the text {}", "write {} backwards", "spell {} from back to front"),
    "upper": ("convert {} to upper case", "write {} in capital letters", "put {} in all caps"),
    "title": ("convert {} to title case", "capitalise each word of {}", "start every word of {} with a capital"),
    "sort": ("sort the words of {}", "put the words of {} in alphabetical order", "order the words of {} from A to Z"),
    "flip": ("reverse the word order of {}", "write the words of {} in the opposite order",
             "put the last word of {} first and so on"),
    "swap": ("replace every a in {} with o", "write {} with an o for every a", "change each a of {} into an o"),
    "drop": ("remove the vowels from {}", "delete all vowels from {}", "leave out every vowel of {}"),
    "shift": ("shift each letter of {} by {n}", "apply a Caesar shift of {n} to {}",
              "move every letter of {} {n} places on in the alphabet"),
    "count_words": ("count the words in {}", "how many words are in {}", "how many words does {} have"),
    "count_vowels": ("count the vowels in {}", "how many vowels are in {}", "how many vowels does {} contain"),
}  # fmt: skip
_CHANGES: Final = ("reverse", "upper", "title", "sort", "flip", "drop", "shift")
_COUNTS: Final = ("count_words", "count_vowels")


def _shift(text: str, places: int) -> str:
    def move(sign: str) -> str:
        base = ord("a") if sign.islower() else ord("A")
        return chr((ord(sign) - base + places) % 26 + base) if sign.isalpha() else sign

    return "".join(map(move, text))


_PLAIN_STEPS: Final[dict[str, Callable[[str], str]]] = {
    "reverse": lambda text: text[::-1],
    "upper": lambda text: text.upper(),
    "title": lambda text: text.title(),
    "sort": lambda text: " ".join(sorted(text.split(" "), key=str.lower)),
    "flip": lambda text: " ".join(text.split(" ")[::-1]),
    "swap": lambda text: text.replace("a", "o"),
    "drop": lambda text: "".join(sign for sign in text if sign.lower() not in _VOWELS),
    "count_words": lambda text: str(text.count(" ") + 1),
    "count_vowels": lambda text: str(sum(sign.lower() in _VOWELS for sign in text)),
}


def _say(rng: random.Random, step: str, subject: str, places: int, difficulty: Difficulty) -> str:
    sayings = _SAYINGS[step]
    saying = sayings[0] if difficulty == "easy" else rng.choice(sayings if difficulty == "hard" else sayings[:2])
    number = say_number(places) if difficulty == "hard" and rng.random() < 0.5 else str(places)
    return saying.format(subject, n=number).replace("the text the result", "the result")


def _steps(rng: random.Random, difficulty: Difficulty) -> list[str]:
    if difficulty != "hard" or rng.random() < 0.3:
        return [rng.choice(_CHANGES + _COUNTS + (("swap",) if difficulty == "hard" else ()))]
    # A text without vowels or with shifted letters is an odd thing to sort, so those steps come late.
    count = rng.randint(2, 3)
    chosen = rng.sample(_CHANGES, count)
    if rng.random() < 0.08:
        chosen[0] = "swap"
    chosen.sort(key=lambda step: step in ("drop", "shift", "reverse"))
    if rng.random() < 0.25:
        chosen[-1] = "count_vowels"
    return chosen


def generate(rng: random.Random, difficulty: Difficulty) -> WorkbenchTask:
    """One task; easy ones are one canonical step, hard ones up to three steps in free wording."""
    content = " ".join(rng.choice(_WORDS) for _ in range(rng.randint(2, 5)))
    if difficulty != "easy" and rng.random() < 0.5:
        content = content.title() if rng.random() < 0.5 else content.capitalize()
    quote = ('"', '"') if difficulty != "hard" or rng.random() < 0.6 else rng.choice((("“", "”"), ("'", "'")))
    subject, result, places = f"{quote[0]}{content}{quote[1]}", content, rng.randint(1, 9)
    steps = _steps(rng, difficulty)
    parts = []
    for index, step in enumerate(steps):
        parts.append(_say(rng, step, subject if index == 0 else "the result", places, difficulty))
        result = _shift(result, places) if step == "shift" else _PLAIN_STEPS[step](result)
    sentence = ", then ".join(parts)
    mark = "?" if sentence.startswith("how") else "."
    text = dress(rng, sentence[0].upper() + sentence[1:] + mark, difficulty)
    return make_task(text, "text", difficulty, value=result, count=steps[-1] in _COUNTS)


def check(reference: str, answer: str) -> float:
    """1 for the right text (case and order count; quotes and surrounding space do not), otherwise 0."""
    expected = json.loads(reference)
    given = " ".join(answer.strip().strip("\"'“”").split())
    if expected["count"]:
        given = given.removesuffix(".")
    return float(given == " ".join(expected["value"].split()))
