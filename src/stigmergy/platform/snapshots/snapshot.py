"""One artifact as it serves at the moment."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeAlias, TypeVar

from stigmergy.errors import InvalidArtifact
from stigmergy.routers.trained import Trained

T = TypeVar("T")
logger = logging.getLogger(__name__)

_Stamp: TypeAlias = tuple[tuple[str, int, int, int], ...]


class ArtifactSnapshot(Generic[T]):
    """What an artifact was made into; when the file changes, ``fresh`` makes another and ``swap`` takes it over.

    What is damaged or does not fit is logged once and remembered as ``problem``; what was there serves on.

    Args:
        path: a file, or a folder of files.
        load: makes of it what serves; raises InvalidArtifact.
        check: raises InvalidArtifact where what was loaded does not fit what it is to serve.

    Raises:
        InvalidArtifact: there is nothing sound to begin with.
    """

    def __init__(self, path: Path, load: Callable[[], Trained[T]], check: Callable[[Trained[T]], None]) -> None:
        self.path = path
        self._load = load
        self._check = check
        self._stamp = _stamp(path)
        self.current = self._sound()
        self.problem = ""

    def fresh(self) -> Trained[T] | None:
        """What a file that has changed was made into; None: nothing has, or it cannot serve. Takes its time."""
        stamp = _stamp(self.path)
        if stamp == self._stamp:
            return None
        self._stamp = stamp
        try:
            return self._sound()
        except InvalidArtifact as error:
            self.problem = str(error)
            logger.error("%s serves on: %s", self.current.version, error)  # noqa: TRY400 -- the error says it all
            return None

    def swap(self, fresh: Trained[T]) -> None:
        """Serve with it from now on. At once: to be called where decisions are made, between two of them."""
        logger.info("%s takes the place of %s", fresh.version, self.current.version)
        self.current, self.problem = fresh, ""

    def _sound(self) -> Trained[T]:
        found = self._load()
        self._check(found)
        return found


def _stamp(path: Path) -> _Stamp:
    """What changes whenever the file, or one in the folder, is written or put in its place; empty where none is."""
    try:
        files = sorted(path.iterdir()) if path.is_dir() else [path]
        found = [(file.name, file.stat()) for file in files]
    except OSError:
        return ()
    return tuple((name, stat.st_mtime_ns, stat.st_size, stat.st_ino) for name, stat in found)
