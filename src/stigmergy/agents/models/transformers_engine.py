"""Causal language models of the ``transformers`` package for the batching engine. Needs the extra ``transformers``."""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import Any

import torch
from torch import Tensor

from stigmergy.agents.models.base import Messages
from stigmergy.agents.models.batching.decoder import Layers
from stigmergy.agents.models.batching.devices import device_named
from stigmergy.agents.models.configs import TransformersConfig
from stigmergy.errors import AgentUnavailable, MissingExtra

_CONTEXT_UNSTATED = 2048


class TransformersDecoder:
    """A model and its tokeniser as a ``Decoder``.

    The model must keep plain keys and values per layer (attention over everything read, or over a window of it);
    recurrent and encoder-decoder models do not.
    """

    def __init__(self, network: Any, tokenizer: Any) -> None:
        self._network, self._tokenizer = network.eval(), tokenizer
        self._cache_of = import_module("transformers").DynamicCache
        self._takes = inspect.signature(network.forward).parameters
        self.device: torch.device = network.device
        config = network.config.get_text_config()
        self.context: int = getattr(config, "max_position_embeddings", None) or _CONTEXT_UNSTATED
        self.ends = _ends(network.generation_config.eos_token_id, tokenizer.eos_token_id)

    def encode(self, messages: Messages) -> list[int]:
        """By the tokeniser's chat template; without one, the contents one after another."""
        if not self._tokenizer.chat_template:
            return list(self._tokenizer.encode("\n\n".join(message.content for message in messages)))
        said = [{"role": message.role, "content": message.content} for message in messages]
        prompt = self._tokenizer.apply_chat_template(said, add_generation_prompt=True, tokenize=False)
        # The template writes the marks of begin and role itself.
        return list(self._tokenizer.encode(prompt, add_special_tokens=False))

    def decode(self, tokens: list[int]) -> str:
        """The text, without special tokens."""
        return str(self._tokenizer.decode(tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False))

    def read(self, tokens: Tensor, positions: Tensor, kept: Tensor, past: Layers) -> tuple[Tensor, Layers]:
        """See ``Decoder``."""
        offered = {"position_ids": positions, "logits_to_keep": 1}
        done = self._network(
            input_ids=tokens,
            attention_mask=kept.long(),
            past_key_values=self._cache_of(past) if past else self._cache_of(),
            use_cache=True,
            **{name: value for name, value in offered.items() if name in self._takes},
        )
        return done.logits[:, -1], tuple((layer.keys, layer.values) for layer in done.past_key_values.layers)


def load_transformers(name: str, config: TransformersConfig) -> TransformersDecoder:
    """The model of a configuration, on its device.

    Raises:
        MissingExtra: transformers is not installed.
        AgentUnavailable: there is no such model or device, or it is no causal language model.
    """
    try:
        package = import_module("transformers")
    except ImportError:
        raise MissingExtra("transformers", "transformers") from None
    device = device_named(name, config.device)
    dtype = config.dtype if config.dtype == "auto" else getattr(torch, config.dtype)
    try:
        tokenizer = package.AutoTokenizer.from_pretrained(config.model)
        network = package.AutoModelForCausalLM.from_pretrained(config.model, dtype=dtype)
    except (OSError, ValueError) as error:
        raise AgentUnavailable(name, f"{config.model!r} cannot be loaded: {str(error).splitlines()[0]}") from error
    return TransformersDecoder(network.to(device), tokenizer)


def _ends(*stated: int | list[int] | None) -> frozenset[int]:
    return frozenset(end for one in stated if one is not None for end in (one if isinstance(one, list) else [one]))
