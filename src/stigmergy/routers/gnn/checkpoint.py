"""A trained network as a folder: ``tensors.safetensors`` and ``artifact.json``, no pickle."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from stigmergy.errors import InvalidArtifact
from stigmergy.routers.estimators.views import LatentSemantics
from stigmergy.routers.gnn.log import Log
from stigmergy.routers.gnn.network import GraphNetwork
from stigmergy.routers.gnn.scorer import GnnScorer, make_scorer
from stigmergy.routers.query_features import HashedNgrams

KIND: Final = "gnn"
_FORMAT: Final = 2
_TENSORS: Final = "tensors.safetensors"
_HEADER: Final = "artifact.json"
_LOG: Final = ("vectors", "centre", "basis", "spectrum", "tasks", "descriptions", "quality", "cost", "ran")


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What an artifact was made of: sha256 of each data file and of the code, the configuration of the training."""

    data: Mapping[str, str]
    config: Mapping[str, Any]
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GnnArtifact:
    """A scorer, the way from a query's n-grams (of ``2**bits`` dimensions) to its vectors, and where it is from."""

    scorer: GnnScorer
    semantics: LatentSemantics
    bits: int
    origin: Origin
    version: str = ""
    """Once it is stored."""

    def describe(self) -> Mapping[str, Any]:
        """What it contains, as JSON-compatible values."""
        memory = self.scorer.memory
        rows = zip(self.scorer.agents, memory.means.tolist(), memory.prices.tolist(), strict=True)
        return {
            "kind": KIND,
            "format": _FORMAT,
            "agents": {agent: {"quality": quality, "cost_usd": price} for agent, quality, price in rows},
            "queries": len(self.scorer.log.vectors),
            "task_types": self.scorer.log.task_count,
            "features": self.semantics.embedder.version,
            "bits": self.bits,
            "data": dict(self.origin.data),
            "config": dict(self.origin.config),
            "code": self.origin.code,
        }


def save_gnn(folder: Path, artifact: GnnArtifact) -> str:
    """Write an artifact; returns its version, which changes with every bit of it."""
    folder.mkdir(parents=True, exist_ok=True)
    log = artifact.scorer.log
    tensors = {f"log.{name}": getattr(log, name) for name in _LOG}
    tensors |= {f"network.{name}": value for name, value in artifact.scorer.network.state_dict().items()}
    tensors["semantics.rarity"] = torch.from_numpy(artifact.semantics.rarity)
    tensors["semantics.directions"] = torch.from_numpy(artifact.semantics.directions)
    content = save({name: value.contiguous() for name, value in tensors.items()})
    header = {**artifact.describe(), "agents": list(artifact.scorer.agents)}
    version = _version(header, content)
    (folder / _TENSORS).write_bytes(content)
    (folder / _HEADER).write_text(json.dumps({**header, "version": version}, indent=1, sort_keys=True), "utf-8")
    return version


def load_gnn(folder: Path) -> GnnArtifact:
    """Read what ``save_gnn`` wrote.

    Raises:
        InvalidArtifact: it is no artifact of this kind and format, or was changed.
    """
    try:
        content = (folder / _TENSORS).read_bytes()
        header = json.loads((folder / _HEADER).read_text("utf-8"))
        if (header["kind"], header["format"]) != (KIND, _FORMAT):
            raise InvalidArtifact(
                str(folder), f"it is {header['kind']} format {header['format']}, not {KIND} format {_FORMAT}"
            )
        version = header.pop("version")
        if version != _version(header, content):
            raise InvalidArtifact(str(folder), f"its content does not match its version {version}")
        return replace(_artifact(header, load(content)), version=version)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        raise InvalidArtifact(str(folder), f"it cannot be read ({type(error).__name__}: {error})") from None


def code_fingerprint() -> str:
    """sha256 of the sources that train and serve the network."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def _artifact(header: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> GnnArtifact:
    parts = {name: tensors[f"log.{name}"] for name in _LOG}
    log = Log(
        **parts,
        columns=parts["vectors"].T.contiguous(),
        scores=(parts["vectors"] - parts["centre"]) @ parts["basis"],
        task_count=header["task_types"],
    )
    network = GraphNetwork(log.vectors.shape[1])
    prefix = "network."
    network.load_state_dict({n.removeprefix(prefix): each for n, each in tensors.items() if n.startswith(prefix)})
    rarity, directions = tensors["semantics.rarity"].numpy(), tensors["semantics.directions"].numpy()
    return GnnArtifact(
        scorer=make_scorer(tuple(header["agents"]), network.eval(), log),
        semantics=LatentSemantics(HashedNgrams(header["bits"]), rarity, directions),
        bits=header["bits"],
        origin=Origin(data=header["data"], config=header["config"], code=header["code"]),
    )


def _version(header: Mapping[str, Any], content: bytes) -> str:
    digest = hashlib.sha256(json.dumps(header, sort_keys=True).encode() + content)
    return f"{KIND}-{digest.hexdigest()[:12]}"
