"""A training on disk, so that a killed one goes on: each checkpoint is a folder that is there whole or not at all."""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from stigmergy.errors import InvalidArtifact

_PREFIX: Final = "checkpoint-"
_STATE: Final = "state.pickle"


class Checkpoints:
    """The checkpoints of one seed; the latest is kept. They are for the machine that wrote them, unlike artifacts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def save(self, iteration: int, state: Mapping[str, Any]) -> None:
        """Keep what the iterations after ``iteration`` depend on."""
        home = self._folder / f"{_PREFIX}{iteration:08}"
        aside = self._folder / ".writing"
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(parents=True)
        (aside / _STATE).write_bytes(pickle.dumps(dict(state)))
        shutil.rmtree(home, ignore_errors=True)
        aside.rename(home)
        for older in self._found():
            if older.name < home.name:
                shutil.rmtree(older)

    def latest(self) -> Mapping[str, Any] | None:
        """The state of the latest checkpoint; None where there is none.

        Raises:
            InvalidArtifact: it cannot be read.
        """
        found = self._found()
        if not found:
            return None
        try:
            state: dict[str, Any] = pickle.loads((found[-1] / _STATE).read_bytes())  # noqa: S301 - our own file
        except (OSError, pickle.UnpicklingError, EOFError, AttributeError, ImportError) as error:
            raise InvalidArtifact(str(found[-1]), f"the checkpoint cannot be read ({error})") from None
        return state

    def _found(self) -> list[Path]:
        return sorted(self._folder.glob(f"{_PREFIX}*"))
