"""A nano network for the batching engine."""

from __future__ import annotations

import torch
from torch import Tensor

from stigmergy.agents.models.base import Messages
from stigmergy.agents.models.batching.decoder import Layers
from stigmergy.agents.models.batching.devices import device_named
from stigmergy.agents.models.configs import NanoConfig
from stigmergy.agents.models.nano import characters
from stigmergy.agents.models.nano.network import NanoNetwork
from stigmergy.agents.models.nano.weights import load_nano

CONTEXT = 256
"""Tokens of question and answer together; what is learnt from is shorter by far."""


class NanoDecoder:
    """A network and its alphabet as a ``Decoder``. It reads the last message and knows of no other."""

    context = CONTEXT
    ends = frozenset({characters.END})

    def __init__(self, network: NanoNetwork, device: torch.device) -> None:
        self._network = network.eval().to(device)
        self.device = device

    def encode(self, messages: Messages) -> list[int]:
        """The characters of the last message."""
        return [*characters.encode(messages[-1].content), characters.ANSWER]

    def decode(self, tokens: list[int]) -> str:
        """One character per token."""
        return characters.decode(tokens)

    def read(self, tokens: Tensor, positions: Tensor, kept: Tensor, past: Layers) -> tuple[Tensor, Layers]:
        """See ``Decoder``."""
        new, all_read = tokens.shape[1], kept.shape[1]
        causal = torch.ones(new, all_read, dtype=torch.bool, device=self.device).tril(all_read - new)
        mask = causal & kept[:, None, None, :]
        # A row that may look at nothing has no softmax: padding looks at itself, and nothing looks at padding.
        mask = mask | torch.eye(new, all_read, dtype=torch.bool, device=self.device) if not past else mask
        scores, layers = self._network(tokens, positions, mask, past)
        return scores[:, -1], layers


def load_nano_decoder(name: str, config: NanoConfig) -> NanoDecoder:
    """The model of a configuration, on its device.

    Raises:
        InvalidArtifact: the folder holds no nano model.
        AgentUnavailable: there is no such device.
    """
    network, _ = load_nano(config.path)
    return NanoDecoder(network, device_named(name, config.device))
