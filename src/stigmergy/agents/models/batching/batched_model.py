"""A language model whose network runs in this process, behind the contract of all language models."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass

from stigmergy.agents.models.base import NO_OPTIONS, Completion, Messages
from stigmergy.agents.models.batching.engine import BatchEngine
from stigmergy.agents.models.batching.sequence import Asked, Sequence, Told
from stigmergy.domain import ModelOptions, Price
from stigmergy.errors import AgentError, AgentTimedOut

_SEEDS = 2**63


@dataclass(frozen=True, slots=True)
class BatchedModel:
    """Completions by a batching engine, of which this object is the only user.

    The same seed gives the same text whatever else is in the batch, up to the rounding of floats. Of the options it
    has ``stop``. ``temperature`` None is 0.
    """

    name: str
    engine: BatchEngine
    price: Price | None = None

    async def complete(
        self,
        messages: Messages,
        max_output_tokens: int,
        temperature: float | None,
        timeout_s: float,
        seed: int | None = None,
        options: ModelOptions = NO_OPTIONS,
    ) -> Completion:
        """See ``LanguageModel``."""
        async with aclosing(self.stream(messages, max_output_tokens, temperature, timeout_s, seed, options)) as pieces:
            async for told in pieces:
                if isinstance(told, Completion):
                    return told
        raise AssertionError("a stream ends with its completion or an error")

    async def stream(
        self,
        messages: Messages,
        max_output_tokens: int,
        temperature: float | None,
        timeout_s: float,
        seed: int | None = None,
        options: ModelOptions = NO_OPTIONS,
    ) -> AsyncGenerator[str | Completion, None]:
        """See ``StreamingModel``. Whoever stops listening gives the place in the batch back at the next step."""
        asked = Asked(
            messages=messages,
            max_output_tokens=min(max_output_tokens, self.engine.limits.max_output_tokens),
            temperature=temperature or 0.0,
            seed=random.randrange(_SEEDS) if seed is None else seed % _SEEDS,
            stops=_stops(options),
            deadline=self.engine.clock() + timeout_s,
        )
        inbox: asyncio.Queue[Told] = asyncio.Queue()
        sequence = Sequence(asked, _from_thread(asyncio.get_running_loop(), inbox))
        self.engine.submit(sequence)
        until = asyncio.get_running_loop().time() + timeout_s
        try:
            while True:
                # The engine looks at the clock between two steps; a step that hangs must not keep the asker.
                async with asyncio.timeout_at(until):
                    told = await inbox.get()
                if isinstance(told, AgentError):
                    raise told
                yield told
                if isinstance(told, Completion):
                    return
        except TimeoutError:
            raise AgentTimedOut(self.name, f"no answer within {timeout_s:g} s") from None
        finally:
            sequence.cancelled = True

    def start(self) -> None:
        """Load the weights now rather than at the first request."""
        self.engine.start()

    def check_health(self) -> None:
        """See ``BatchEngine.check_health``."""
        self.engine.check_health()

    async def aclose(self) -> None:
        """End the engine's thread."""
        await asyncio.to_thread(self.engine.close)


def _from_thread(loop: asyncio.AbstractEventLoop, inbox: asyncio.Queue[Told]) -> Callable[[Told], None]:
    def tell(told: Told) -> None:
        # A loop that was closed has nobody who listens.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(inbox.put_nowait, told)

    return tell


def _stops(options: ModelOptions) -> tuple[str, ...]:
    stop = options.get("stop") or ()
    return (stop,) if isinstance(stop, str) else tuple(stop)
