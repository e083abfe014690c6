"""The alphabet of the nano models: printable ASCII, one token per character."""

from __future__ import annotations

from typing import Final

PAD: Final = 0
END: Final = 1
"""Closes the answer."""
ANSWER: Final = 2
"""Stands between the question and the answer."""
UNKNOWN: Final = 3
_FIRST: Final = 4
_PRINTABLE: Final = "\n" + "".join(chr(code) for code in range(32, 127))
VOCABULARY: Final = _FIRST + len(_PRINTABLE)
_TOKEN_OF: Final = {character: _FIRST + index for index, character in enumerate(_PRINTABLE)}


def encode(text: str) -> list[int]:
    """One token per character; what is not in the alphabet is UNKNOWN."""
    return [_TOKEN_OF.get(character, UNKNOWN) for character in text]


def decode(tokens: list[int]) -> str:
    """The characters of tokens; the marks have none, UNKNOWN reads as ``?``."""
    return "".join("?" if token == UNKNOWN else _character(token) for token in tokens)


def _character(token: int) -> str:
    return _PRINTABLE[token - _FIRST] if token >= _FIRST else ""
