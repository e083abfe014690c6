"""Where a configuration cannot have language models that vLLM runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from stigmergy.agents.configs import VllmConfig
from stigmergy.platform.settings.document import Problem
from stigmergy.platform.settings.records import Settings

_NO_KEYS: Final = (
    "Ray's application of it asks for no keys: whoever reaches the port could use the model beside the budgets of "
    "tenants; run vLLM where gateways alone reach it, and say kind: openai_compatible"
)
_NO_PROXY: Final = "gateways ask it through the proxy of their own node; say serving.proxies: every_node"


def misplaced_vllm(settings: Settings) -> Iterator[Problem]:
    """Models of kind ``vllm`` that would be open to everybody, or out of reach of gateways."""
    for name in (name for name, config in settings.models.items() if isinstance(config, VllmConfig)):
        if settings.tenants:
            yield f"models.{name}.kind", _NO_KEYS
        if settings.serving.proxies == "head":
            yield f"models.{name}.kind", _NO_PROXY
