"""A dataset on disk: Parquet parts, a recipe, and a manifest that alone says which parts count.

A run writes its parts aside, moves them into place, and then replaces the manifest; all three are renames. A run that
is killed leaves parts that no manifest names; the next one removes them. One run at a time may write.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from stigmergy.errors import InvalidLog
from stigmergy.platform.learning.dataset.journal import Seen
from stigmergy.platform.learning.dataset.tables import read_transitions
from stigmergy.platform.learning.evaluation.columns import sha256_of

MANIFEST: Final = "manifest.json"
RECIPE: Final = "recipe.npz"
FORM: Final = 1
_ASIDE: Final = ".writing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One Parquet file, by its path in the folder."""

    name: str
    rows: int
    episodes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a dataset contains. ``left_out`` counts episodes by the reason why they are not in it.

    ``waiting`` finished not long ago and nobody has judged them: later runs look again.
    """

    recipe: str
    spec: str
    source: str
    parts: tuple[Part, ...] = ()
    waiting: int = 0
    left_out: Mapping[str, int] = field(default_factory=dict)
    seen: Seen = field(default_factory=Seen)
    runs: int = 0
    form: int = FORM

    @property
    def rows(self) -> int:
        """Transitions, copies in hindsight included."""
        return sum(part.rows for part in self.parts)

    @property
    def episodes(self) -> int:
        """As they were logged, without the copies."""
        return sum(part.episodes for part in self.parts)

    @property
    def fingerprint(self) -> str:
        """Changes with every row and with the recipe."""
        facts = "\n".join((self.recipe, *(part.sha256 for part in self.parts)))
        return hashlib.sha256(facts.encode()).hexdigest()

    def describe(self) -> dict[str, Any]:
        """JSON-compatible values."""
        told = {**asdict(self), "rows": self.rows, "episodes": self.episodes, "fingerprint": self.fingerprint}
        until = self.seen.until
        told["seen"] = {"until": until.isoformat() if until else None, "recent": _times(self.seen.recent)}
        return told


def _part(path: Path) -> Part:
    logged = read_transitions([path], ("hop", "relabelled"))
    return Part(
        name=f"{path.parent.name}/{path.name}",
        rows=len(logged["hop"]),
        episodes=int(((logged["hop"] == 0) & ~logged["relabelled"]).sum()),
        sha256=sha256_of(path),
    )


def _seen(until: str | None, recent: Mapping[str, str]) -> Seen:
    times = {name: datetime.fromisoformat(at) for name, at in recent.items()}
    return Seen(datetime.fromisoformat(until) if until else None, times)


def _times(recent: Mapping[str, datetime]) -> dict[str, str]:
    return {name: at.isoformat() for name, at in sorted(recent.items())}


class DatasetFolder:
    """The folder of one dataset."""

    def __init__(self, path: Path) -> None:
        self.path: Final = path
        self.recipe_path: Final = path / RECIPE
        self.aside: Final = path / _ASIDE

    def manifest(self) -> Manifest | None:
        """What is there, or None for a folder without a dataset.

        Raises:
            InvalidLog: the manifest cannot be read.
        """
        path = self.path / MANIFEST
        if not path.exists():
            return None
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            seen = _seen(**told["seen"])
            del told["rows"], told["episodes"], told["fingerprint"]
            parts = tuple(Part(**part) for part in told["parts"])
            return Manifest(**{**told, "parts": parts, "seen": seen})
        except (ValueError, KeyError, TypeError) as error:
            raise InvalidLog(str(path), f"it is no manifest of a dataset ({error})") from None

    def parts(self) -> list[Path]:
        """The Parquet files that count, in order."""
        manifest = self.manifest()
        return [self.path / part.name for part in manifest.parts] if manifest else []

    def begin(self) -> Path:
        """Remove what a killed run left, and make the folder that parts are written to."""
        manifest = self.manifest()
        counted = {part.name.partition("/")[0] for part in manifest.parts} if manifest else set()
        for left in self.path.glob("run-*"):
            if left.name not in counted:
                shutil.rmtree(left)
        shutil.rmtree(self.aside, ignore_errors=True)
        self.aside.mkdir(parents=True)
        return self.aside

    def commit(self, manifest: Manifest) -> Manifest:
        """Make the parts written aside count, and store the manifest with them; returns it."""
        run = manifest.runs + 1
        home = self.path / f"run-{run:05}"
        self.aside.rename(home)
        parts = tuple(_part(path) for path in sorted(home.glob("*.parquet")))
        grown = replace(manifest, parts=(*manifest.parts, *parts), runs=run)
        fresh = self.path / f"{MANIFEST}.new"
        fresh.write_text(json.dumps(grown.describe(), indent=2, sort_keys=True), encoding="utf-8")
        fresh.replace(self.path / MANIFEST)
        return grown
