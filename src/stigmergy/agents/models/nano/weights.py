"""Nano models as files: ``weights.safetensors`` and ``nano.json`` in a folder."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from stigmergy.agents.models.nano.network import NanoNetwork, NanoShape
from stigmergy.errors import InvalidArtifact

_WEIGHTS: Final = "weights.safetensors"
_ABOUT: Final = "nano.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class NanoOrigin:
    """How a model came about. ``flops_per_token`` is the compute of one token, a multiply-add counted as two."""

    size: str
    seed: int
    steps: int
    loss: float
    flops_per_token: int


def save_nano(folder: Path, network: NanoNetwork, origin: NanoOrigin) -> None:
    """Write the model; an older one in the folder is replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file({name: tensor.detach().cpu() for name, tensor in network.state_dict().items()}, folder / _WEIGHTS)
    about = {"shape": asdict(network.shape), "origin": asdict(origin)}
    (folder / _ABOUT).write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")


def load_nano(folder: Path) -> tuple[NanoNetwork, NanoOrigin]:
    """The model of a folder.

    Raises:
        InvalidArtifact: the folder holds none, or one that is damaged.
    """
    try:
        about = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
        network = NanoNetwork(NanoShape(**about["shape"]))
        network.load_state_dict(load_file(folder / _WEIGHTS))
        return network.eval(), NanoOrigin(**about["origin"])
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        reason = f"{type(error).__name__}: {error}; write one with `stigmergy train nano`"
        raise InvalidArtifact(str(folder), reason) from error


def holds_nano(folder: Path) -> bool:
    """Whether a model was written to the folder."""
    return (folder / _ABOUT).exists()
