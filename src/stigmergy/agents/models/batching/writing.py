"""An answer as it grows: tokens in, text out that no later token can take back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

_BROKEN: Final = "�"


class Writer:
    """Turns tokens into text, and cuts it where the first of the stop strings begins.

    Tokens may hold parts of a character, and pieces may hold parts of a stop string: both are held back until it is
    clear what becomes of them.
    """

    def __init__(self, decode: Callable[[list[int]], str], stops: Sequence[str] = ()) -> None:
        self.text = ""
        """What was given out so far."""
        self.stopped = False
        """Whether a stop string was written; it is not part of the text."""
        self._decode = decode
        self._stops = tuple(stop for stop in stops if stop)
        self._tokens: list[int] = []
        self._context = self._decoded = 0
        self._held = ""

    def add(self, token: int) -> str:
        """The text that is certain now and was not before."""
        self._tokens.append(token)
        # Decoded beside the tokens before it: alphabets drop the blank before the first token that they are shown.
        known = self._decode(self._tokens[self._context : self._decoded])
        seen = self._decode(self._tokens[self._context :])
        if seen.endswith(_BROKEN) or len(seen) <= len(known):
            return ""
        self._context, self._decoded = self._decoded, len(self._tokens)
        return self._give(self._held + seen[len(known) :])

    def rest(self) -> str:
        """What was held back, once no token follows."""
        if self.stopped:
            return ""
        known = self._decode(self._tokens[self._context : self._decoded])
        left = self._held + self._decode(self._tokens[self._context :])[len(known) :]
        self._held, self._context, self._decoded = "", len(self._tokens), len(self._tokens)
        self.text += left
        return left

    def _give(self, text: str) -> str:
        cuts = [place for stop in self._stops if (place := text.find(stop)) >= 0]
        if cuts:
            self.stopped, text, self._held = True, text[: min(cuts)], ""
        else:
            begun = max((_begun(text, stop) for stop in self._stops), default=0)
            text, self._held = text[: len(text) - begun], text[len(text) - begun :]
        self.text += text
        return text


def _begun(text: str, stop: str) -> int:
    """How many characters at the end of the text may be the beginning of a stop string."""
    longest = min(len(text), len(stop) - 1)
    return next((size for size in range(longest, 0, -1) if text.endswith(stop[:size])), 0)
