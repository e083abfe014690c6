"""Commands that need more than the bare install."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from stigmergy.errors import MissingExtra


@contextmanager
def needs(extra: str) -> Iterator[None]:
    """Import what an extra brings inside this block.

    Raises:
        MissingExtra: a package of the extra is not installed; names package and extra.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package in ("", "stigmergy"):
            raise
        raise MissingExtra(package, extra) from None
