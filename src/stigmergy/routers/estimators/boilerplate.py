"""What many queries have in common, such as instructions and worked examples, taken off to leave what this one asks."""

from __future__ import annotations

import os.path
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

_LEAST_TEXTS: Final = 10
_LEAST_LENGTH: Final = 40
"""Characters. What is shorter may be how people begin a question, and says what it is about."""


@dataclass(frozen=True, slots=True)
class Boilerplate:
    """Beginnings and ends of texts that at least ten of those it was learnt from share.

    A model that reads so many tokens and no more would see the examples of a long prompt and not its question;
    likeness of prompts that share most of their text says little of the rest.
    """

    beginnings: tuple[str, ...]
    ends: tuple[str, ...]

    def strip(self, text: str) -> str:
        """The text without its longest known beginning and end; whole where nothing would be left."""
        start = max((len(each) for each in self.beginnings if text.startswith(each)), default=0)
        rest = text[start:]
        end = max((len(each) for each in self.ends if rest.endswith(each)), default=0)
        body = rest[: len(rest) - end]
        return body if body.strip() else text


def learn_boilerplate(texts: Sequence[str]) -> Boilerplate:
    """Learn from texts alone, without any outcome."""
    ends = _shared_beginnings(text[::-1] for text in texts)
    return Boilerplate(_shared_beginnings(texts), tuple(each[::-1] for each in ends))


def _shared_beginnings(texts: Iterable[str]) -> tuple[str, ...]:
    """Of every run of ten texts in order, what all of them begin with, up to its last white space."""
    ordered = sorted(texts)
    runs = zip(ordered, ordered[_LEAST_TEXTS - 1 :], strict=False)
    shared = {os.path.commonprefix(run) for run in runs}  # noqa: RUF071 - by characters, these are no paths
    return tuple(sorted(set(map(_whole_words, shared)) - {""}))


def _whole_words(beginning: str) -> str:
    kept = beginning[: len(beginning) - len(beginning.rsplit(maxsplit=1)[-1])] if beginning[-1:].strip() else beginning
    return kept if len(kept) >= _LEAST_LENGTH else ""
