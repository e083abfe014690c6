"""Where torch runs."""

from __future__ import annotations

import torch

from stigmergy.errors import AgentUnavailable


def device_named(model: str, device: str) -> torch.device:
    """The device of a configuration; ``auto`` is the accelerator of this machine, or its processor.

    Raises:
        AgentUnavailable: this machine has no such device.
    """
    if device == "auto":
        return torch.accelerator.current_accelerator() or torch.device("cpu")
    try:
        found = torch.device(device)
        torch.empty(0, device=found)
    except (RuntimeError, AssertionError) as error:
        raise AgentUnavailable(model, f"device {device!r} is not there: {str(error).splitlines()[0]}") from None
    return found
