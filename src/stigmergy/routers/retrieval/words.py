"""A text as the words that are searched."""

from __future__ import annotations

import re
from typing import Final

_WORD: Final = re.compile(r"[^\W\d_]+|\d+")
_EMPTY: Final = frozenset(
    _WORD.findall(
        "a an and any are as at be been by can could do does for from had has have how i if in into is it its me my of "
        "on or our please should so than that the their them then there these they this to us was we were what when "
        "where which who will with would you your"
    )
)
_SHORTEST_PLURAL: Final = 4


def words_of(text: str) -> list[str]:
    """The words and numbers of a text, lower-cased, without the emptiest, plurals as singulars.

    The three rules for plurals are those of the S stemmer (Harman, How effective is suffixing?, 1991).
    """
    return [_singular(word) for word in _WORD.findall(text.lower()) if word not in _EMPTY]


def _singular(word: str) -> str:
    if len(word) < _SHORTEST_PLURAL or not word.endswith("s"):
        return word
    if word.endswith("ies"):
        return word if word.endswith(("eies", "aies")) else word[:-3] + "y"
    if word.endswith("es"):
        return word if word.endswith(("aes", "ees", "oes")) else word[:-1]
    return word if word.endswith(("us", "ss")) else word[:-1]
