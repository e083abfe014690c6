"""The prompt of a request that is still on its way to a replica, as far as routing reads it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from stigmergy.domain import Message


def asked_messages(arguments: Iterable[object]) -> tuple[Message, ...]:
    """The conversation among the arguments of a call (its ``messages``); empty where there is none."""
    found = (getattr(argument, "messages", None) for argument in arguments)
    return next((messages for messages in found if isinstance(messages, tuple)), ())


def prefix_of(messages: Iterable[Message], most_messages: int, most_chars: int) -> str:
    """What conversations that should meet have in common: the beginning of their first messages."""
    return "\n".join(f"{each.role}: {each.content}" for each in islice(messages, most_messages))[:most_chars]
