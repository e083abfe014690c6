"""Numbers within their range."""

from __future__ import annotations

from typing import Final

TINY: Final = 1e-6
"""The least of what has to be above zero."""


def require(name: str, value: float, *, least: float, most: float = float("inf")) -> None:
    """Refuse a value outside its range; raises ValueError."""
    if not least <= value <= most:
        raise ValueError(f"{name} = {value}: it must be at least {least:g} and at most {most:g}")
