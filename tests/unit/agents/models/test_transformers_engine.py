"""A Llama with drawn weights and an alphabet of bytes, as a folder: nothing is downloaded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from tokenizers import Tokenizer, decoders, pre_tokenizers
from tokenizers.models import BPE

from stigmergy.agents.catalog import build_model
from stigmergy.agents.configs import EngineLimits, PriceConfig, TransformersConfig
from stigmergy.agents.models.base import Completion, LanguageModel
from stigmergy.domain import Message
from stigmergy.errors import AgentUnavailable

TEXTS = ("Hello there, how are you?", "naïve café", "x", "one two three four five six seven eight nine ten")
TEMPLATE = (
    "{% for m in messages %}<{{ m.role }}>{{ m.content }}\n{% endfor %}{% if add_generation_prompt %}>{% endif %}"
)
has_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no GPU that torch can use")


def written(folder: Path, network: transformers.LlamaForCausalLM | transformers.GPT2LMHeadModel) -> Path:
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {sign: index for index, sign in enumerate([*alphabet, "<end>"])}
    tokenizer = Tokenizer(BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    make: Any = transformers.PreTrainedTokenizerFast
    make(tokenizer_object=tokenizer, eos_token="<end>", chat_template=TEMPLATE).save_pretrained(folder)
    network.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module", params=["llama", "gpt2"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(5)
    if request.param == "llama":
        config = transformers.LlamaConfig(
            vocab_size=257, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
            num_key_value_heads=2, max_position_embeddings=128, eos_token_id=256, bos_token_id=None,
            initializer_range=0.4,
        )  # fmt: skip
        return written(tmp_path_factory.mktemp("llama"), transformers.LlamaForCausalLM(config))
    gpt2 = transformers.GPT2Config(
        vocab_size=257, n_embd=32, n_layer=2, n_head=4, n_positions=128, eos_token_id=256, bos_token_id=256,
        initializer_range=0.4,
    )  # fmt: skip
    return written(tmp_path_factory.mktemp("gpt2"), transformers.GPT2LMHeadModel(gpt2))


def generated(folder: Path, text: str, tokens: int) -> str:
    """What the package itself writes, one conversation at a time."""
    network: Any = transformers.AutoModelForCausalLM.from_pretrained(folder)
    tokenizer: Any = transformers.AutoTokenizer.from_pretrained(folder)
    prompt = tokenizer(f"<user>{text}\n>", return_tensors="pt")
    whole = network.generate(**prompt, max_new_tokens=tokens, do_sample=False, pad_token_id=256)
    answer: str = tokenizer.decode(whole[0, prompt["input_ids"].shape[1] :], skip_special_tokens=True)
    return answer


@pytest.fixture
async def model(folder: Path) -> AsyncIterator[LanguageModel]:
    config = TransformersConfig(
        model=str(folder), device="cpu", dtype="float32", limits=EngineLimits(max_batch=3), price=PriceConfig()
    )
    model = build_model("local", config, {})
    yield model
    await model.aclose()


async def ask(model: LanguageModel, text: str, tokens: int = 12) -> Completion:
    return await model.complete((Message("user", text),), tokens, 0.0, 30)


async def test_what_is_written_in_a_batch_is_what_plain_generate_writes(model: LanguageModel, folder: Path) -> None:
    done = await asyncio.gather(*(ask(model, text) for text in TEXTS))

    assert [one.text for one in done] == [generated(folder, text, 12) for text in TEXTS]


async def test_a_question_that_begins_like_earlier_ones_is_answered_the_same_and_read_in_part(folder: Path) -> None:
    config = TransformersConfig(
        model=str(folder), device="cpu", dtype="float32", limits=EngineLimits(max_batch=3, cached_tokens=256)
    )
    model = build_model("local", config, {})
    texts = [f"One two three four five six seven {end}" for end in ("eight", "nine or ten", "")]
    await ask(model, texts[0])

    done = await asyncio.gather(*(ask(model, text) for text in texts))
    await model.aclose()

    assert [one.text for one in done] == [generated(folder, text, 12) for text in texts]
    shared = len("<user>One two three four five six seven ")
    assert [one.usage.cached_tokens for one in done] == [done[0].usage.input_tokens - 1, shared, shared]


async def test_tokens_are_counted_with_those_of_the_chat_template(model: LanguageModel) -> None:
    done = await ask(model, "café", 4)

    assert done.usage.input_tokens == len("<user>café\n>".encode())
    assert done.usage.output_tokens <= 4


async def test_an_answer_ends_where_the_context_ends(model: LanguageModel) -> None:
    done = await ask(model, "x" * 110, 1000)

    assert done.usage.input_tokens + done.usage.output_tokens <= 128


async def test_a_folder_without_a_model_is_named() -> None:
    model = build_model("local", TransformersConfig(model="/nowhere/at/all", device="cpu"), {})

    with pytest.raises(AgentUnavailable, match="/nowhere/at/all"):
        await ask(model, "x")


async def test_a_device_that_is_not_there_is_named(folder: Path) -> None:
    model = build_model("local", TransformersConfig(model=str(folder), device="cuda:63"), {})

    with pytest.raises(AgentUnavailable, match="cuda:63"):
        await ask(model, "x")


@pytest.mark.gpu
@has_gpu
async def test_a_gpu_writes_what_the_processor_writes(model: LanguageModel, folder: Path) -> None:
    on_gpu = build_model("local", TransformersConfig(model=str(folder), device="cuda:0", dtype="float32"), {})

    assert (await ask(on_gpu, TEXTS[0])).text == (await ask(model, TEXTS[0])).text
    await on_gpu.aclose()
