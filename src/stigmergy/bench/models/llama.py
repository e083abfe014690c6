"""A small Llama with drawn weights, as the ``transformers`` package runs it: nothing is downloaded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast

import torch
from tokenizers import Tokenizer, decoders, pre_tokenizers
from tokenizers.models import BPE
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from stigmergy.bench.models.work import Wanted

_SHAPE: Final = {
    "hidden_size": 256,
    "intermediate_size": 704,
    "num_hidden_layers": 4,
    "num_attention_heads": 8,
    "num_key_value_heads": 4,
    "max_position_embeddings": 256,
}


def drawn_llama(seed: int, device: torch.device) -> tuple[Any, Any]:
    """A network that no answer ends before its limit, and the alphabet of bytes."""
    alphabet = {sign: index for index, sign in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    tokenizer = Tokenizer(BPE(vocab=alphabet, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    network_of, tokenizer_of, stated = (
        cast("Any", each) for each in (LlamaForCausalLM, PreTrainedTokenizerFast, LlamaConfig)
    )
    torch.manual_seed(seed)
    config = stated(vocab_size=len(alphabet), eos_token_id=None, bos_token_id=None, **_SHAPE)
    return network_of(config).eval().to(device), tokenizer_of(tokenizer_object=tokenizer)


class Generate:
    """The package's own ``generate``, greedy, with its cache."""

    def __init__(self, network: Any, tokenizer: Any) -> None:
        self._network, self._tokenizer = network, tokenizer

    @torch.inference_mode()
    def write(self, wanted: Sequence[Wanted]) -> int:
        """See ``Plain``."""
        prompts = [self._tokenizer.encode(each.text) for each in wanted]
        longest = max(map(len, prompts))
        tokens = torch.tensor([[0] * (longest - len(prompt)) + prompt for prompt in prompts])
        kept = torch.tensor([[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts])
        most = max(each.tokens for each in wanted)
        device = self._network.device
        self._network.generate(
            tokens.to(device), attention_mask=kept.to(device), max_new_tokens=most, do_sample=False, pad_token_id=0
        )
        return sum(each.tokens for each in wanted)
