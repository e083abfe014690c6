"""Readers of text transformations: a query becomes a text and the steps to take."""

from __future__ import annotations

import re
from typing import Final

from stigmergy.agents.workbench.understanding.wording import Problem, number_words, without_filler, without_greeting

_QUOTED: Final = re.compile(r"\"([^\"]{1,1000})\"")
_ANY_QUOTED: Final = re.compile(r"\"([^\"]{1,1000})\"|“([^”]{1,1000})”|(?<!\w)'([^']{1,1000})'(?!\w)")
_IT: Final = r"(?:the text )?(?:@|the result|it)"
_Rules = tuple[tuple[re.Pattern[str], str], ...]


def _rules(*pairs: tuple[str, str]) -> _Rules:
    return tuple((re.compile(pattern.replace("@", _IT)), step) for pattern, step in pairs)


_PLAIN: Final = _rules(
    (r"reverse @", "reverse"),
    (r"convert @ to upper case", "upper"),
    (r"convert @ to title case", "title"),
    (r"sort the words of @", "sort"),
    (r"reverse the word order of @", "flip"),
    (r"remove the vowels from @", "drop"),
    (r"shift each letter of @ by (\d{1,2})", "shift"),
    (r"count the words in @", "count_words"),
    (r"count the vowels in @", "count_vowels"),
)
_KNOWN: Final = _PLAIN + _rules(
    (r"write @ backwards", "reverse"),
    (r"(?:write|put) @ in (?:capital letters|capitals)", "upper"),
    (r"capitalise each word of @", "title"),
    (r"put the words of @ in alphabetical order", "sort"),
    (r"(?:delete|remove) (?:all|the) vowels (?:from|of) @", "drop"),
    (r"apply a caesar shift of (\d{1,2}) to @", "shift"),
    (r"how many words are in @", "count_words"),
    (r"how many vowels are in @", "count_vowels"),
)
_EVERY: Final = _KNOWN + _rules(
    (r"spell @ from back to front", "reverse"),
    (r"put @ in all caps", "upper"),
    (r"start every word of @ with a capital", "title"),
    (r"order the words of @ from a to z", "sort"),
    (r"(?:write|put) the words of @ in the opposite order", "flip"),
    (r"put the last word of @ first and so on", "flip"),
    (r"leave out every vowel of @", "drop"),
    (r"move every letter of @ (\d{1,2}) places on in the alphabet", "shift"),
    (r"how many words does @ have", "count_words"),
    (r"how many vowels does @ contain", "count_vowels"),
)


def _split(text: str, quoted: re.Pattern[str]) -> tuple[str, str] | None:
    """The quoted text, and the sentence around it with ``@`` in its place."""
    match = quoted.search(text)
    if not match:
        return None
    content = next(group for group in match.groups() if group is not None)
    return content, (text[: match.start()] + "@" + text[match.end() :]).lower()


def _step(part: str, rules: _Rules) -> Problem | None:
    for pattern, step in rules:
        if match := pattern.fullmatch(part):
            return {"op": step, "n": int(match[1])} if match.groups() else {"op": step}
    return None


def canonical(text: str) -> Problem | None:
    """One plain step on a text in straight quotes, to the letter."""
    split = _split(text, _QUOTED)
    step = split and _step(split[1].removesuffix("."), _PLAIN)
    return {"family": "text", "text": split[0], "steps": [step], "form": {}} if split and step else None


def common(text: str) -> Problem | None:
    """One step in its usual wordings on a text in straight quotes, with a greeting."""
    split = _split(without_greeting(text), _QUOTED)
    step = split and _step(split[1].rstrip(".?! "), _KNOWN)
    return {"family": "text", "text": split[0], "steps": [step], "form": {}} if split and step else None


def free(text: str) -> Problem | None:
    """Any number of steps in free wording, any quotes, number words, any introduction."""
    split = _split(text, _ANY_QUOTED)
    if split is None:
        return None
    sentence = number_words(without_filler(split[1])).rstrip(".?! ")
    steps = [_step(part.strip(), _EVERY) for part in re.split(r", (?:and )?then ", sentence)]
    return {"family": "text", "text": split[0], "steps": steps, "form": {}} if all(steps) else None
