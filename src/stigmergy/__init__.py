"""Stigmergy: multi-agent LLM workloads on a Ray cluster, routed by what every run has learnt."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stigmergy.client import AsyncClient, Client

__version__ = "0.1.0"
__all__ = ["AsyncClient", "Client", "__version__"]


def __getattr__(name: str) -> Any:
    # The clients bring httpx and pydantic; `import stigmergy` alone (PEP 562) brings nothing.
    if name not in ("AsyncClient", "Client"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from stigmergy import client

    return getattr(client, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
