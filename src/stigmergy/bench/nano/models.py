"""The two models, trained once and kept in a folder."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from stigmergy.agents.models.nano.compute import usd_per_million_tokens
from stigmergy.agents.models.nano.making import Making, make_nano
from stigmergy.agents.models.nano.network import SizeName
from stigmergy.agents.models.nano.weights import NanoOrigin, holds_nano, load_nano


@dataclass(frozen=True, slots=True)
class Kept:
    """A model in its folder."""

    folder: Path
    origin: NanoOrigin

    @property
    def usd_per_million(self) -> str:
        """The price of a million tokens, read or written, as the configuration states it."""
        return f"{usd_per_million_tokens(self.origin.flops_per_token):f}"


def models_in(
    folder: Path, sizes: Iterable[SizeName], minutes: float, told: Callable[[str], None]
) -> Mapping[SizeName, Kept]:
    """The models of a folder; one that is not there yet is trained, for at most ``minutes``, and kept.

    Raises:
        InvalidArtifact: what is there is damaged.
    """
    return {size: _kept(folder / size, size, minutes, told) for size in sizes}


def _kept(folder: Path, size: SizeName, minutes: float, told: Callable[[str], None]) -> Kept:
    if not holds_nano(folder):
        making = Making(size=size, minutes=minutes)
        make_nano(making, lambda step, loss: told(f"training {size}: step {step}, loss {loss:.3f}")).save(folder)
    return Kept(folder, load_nano(folder)[1])
