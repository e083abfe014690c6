"""What a replica of a language model is asked; by itself, so that who reads it need not load what asks."""

from __future__ import annotations

from dataclasses import dataclass

from stigmergy.agents.models.base import Messages
from stigmergy.domain import ModelOptions


@dataclass(frozen=True, slots=True)
class Question:
    """One completion, as it is asked of a replica; the fields are the arguments of ``LanguageModel.complete``."""

    messages: Messages
    max_output_tokens: int
    temperature: float | None
    timeout_s: float
    seed: int | None
    options: ModelOptions
