"""What a token of a nano model costs, from the compute it takes."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import torch
from torch.utils.flop_counter import FlopCounterMode

from stigmergy.agents.models.nano.network import NanoNetwork

_READ: Final = 32
"""Tokens read at once where compute is counted: about a question of a lesson."""
USD_PER_PETAFLOP: Final = Decimal(1000)
"""An accounting price, which puts the nano models where small models on sale are; it leaves their ratio alone."""


@torch.inference_mode()
def flops_per_token(network: NanoNetwork) -> int:
    """Floating point operations of one token, a multiply-add counted as two, counted by torch while it reads 32."""
    device = network.embedding.weight.device
    tokens = torch.zeros((1, _READ), dtype=torch.long, device=device)
    positions = torch.arange(_READ, device=device)[None]
    with FlopCounterMode(display=False) as counter:
        network(tokens, positions)
    return int(counter.get_total_flops()) // _READ


def usd_per_million_tokens(flops: int) -> Decimal:
    """The price of a million tokens that take ``flops`` each."""
    return (Decimal(flops) * 1_000_000 / 10**15 * USD_PER_PETAFLOP).normalize()
