"""The engine: one thread that writes for everybody who asks, and lets requests join and leave between two steps."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable

import torch

from stigmergy.agents.models.batching.batch import Batch
from stigmergy.agents.models.batching.decoder import Decoder
from stigmergy.agents.models.batching.prefixes import KeptPrefixes
from stigmergy.agents.models.batching.sequence import Sequence
from stigmergy.agents.models.configs import EngineLimits
from stigmergy.errors import AgentError, AgentFailed, AgentOverloaded, AgentUnavailable

_SICK_AFTER = 3


class BatchEngine:
    """Runs a decoder for many requests at once. The thread starts with the first request, and loads the decoder."""

    def __init__(
        self,
        name: str,
        load: Callable[[], Decoder],
        limits: EngineLimits,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name, self.limits, self.clock = name, limits, clock
        self._load = load
        self._changed = threading.Condition()
        self._waiting: deque[Sequence] = deque()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._failures = 0

    def submit(self, sequence: Sequence) -> None:
        """Take a request on; everything else is told to the sequence, from the engine's thread.

        Raises:
            AgentOverloaded: ``max_waiting`` requests wait already.
            AgentUnavailable: the engine is closed.
        """
        with self._changed:
            if self._closed:
                raise AgentUnavailable(self.name, "its engine is closed")
            if len(self._waiting) >= self.limits.max_waiting:
                raise AgentOverloaded(self.name, f"{len(self._waiting)} requests wait already")
            self._waiting.append(sequence)
            self._start()
            self._changed.notify()

    def start(self) -> None:
        """Load the decoder now rather than at the first request."""
        with self._changed:
            self._start()

    def check_health(self) -> None:
        """Tell whether requests are worth sending.

        Raises:
            AgentUnavailable: the engine is closed, could not load, or failed in its last steps.
        """
        if self._closed or self._failures >= _SICK_AFTER:
            raise AgentUnavailable(self.name, f"closed: {self._closed}, failed in a row: {self._failures}")

    def close(self) -> None:
        """End the thread; requests that are not done fail. Waits for the step that runs."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=f"engine-{self.name}", daemon=True)
            self._thread.start()

    @torch.inference_mode()
    def _run(self) -> None:
        try:
            decoder = self._load()
        except Exception as error:  # noqa: BLE001 - whatever it is, those who wait must hear of it
            self._end(AgentUnavailable(self.name, f"it could not be loaded ({type(error).__name__}: {error})"))
            return
        batch = self._batch(decoder)
        while (admitted := self._admitted(batch)) is not None:
            try:
                self._advance(batch, self._begun(admitted, decoder))
                self._failures = 0
            except Exception as error:  # noqa: BLE001 - one bad step must not end the engine
                self._failures += 1
                _fail([*batch.sequences, *admitted], AgentFailed(self.name, f"{type(error).__name__}: {error}"))
                batch = self._batch(decoder)
        gone = AgentUnavailable(self.name, "its engine was closed")
        _fail(batch.sequences, gone)
        self._end(gone)

    def _batch(self, decoder: Decoder) -> Batch:
        return Batch(decoder, KeptPrefixes(self.limits.cached_tokens))

    def _admitted(self, batch: Batch) -> list[Sequence] | None:
        """The requests that may join now; waits where there is nothing to write; None once closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._waiting or batch.sequences)
            if self._closed:
                return None
            room = self.limits.max_batch - len(batch.sequences)
            return [self._waiting.popleft() for _ in range(min(room, len(self._waiting)))]

    def _begun(self, admitted: list[Sequence], decoder: Decoder) -> list[Sequence]:
        """Those of the admitted that still want an answer and may have one."""
        now = self.clock()
        begun = []
        for sequence in admitted:
            if sequence.out_of_time(now, self.name):
                continue
            try:
                sequence.begin(self.name, decoder, self.limits.max_input_tokens)
            except AgentError as error:
                sequence.fail(error)
            else:
                begun.append(sequence)
        return begun

    def _advance(self, batch: Batch, new: list[Sequence]) -> None:
        """One step of those who write; then the new ones read, and write their first token."""
        if batch.sequences:
            batch.step()
        if new:
            batch.join(new)
        now = self.clock()
        batch.leave(
            [sequence for sequence in batch.sequences if sequence.ended or sequence.out_of_time(now, self.name)]
        )

    def _end(self, error: AgentError) -> None:
        with self._changed:
            self._closed = True
            _fail(self._waiting, error)
            self._waiting.clear()


def _fail(sequences: Iterable[Sequence], error: AgentError) -> None:
    for sequence in sequences:
        if not sequence.ended:
            sequence.fail(error)
