"""Code as an answer, judged by tests that run it in a process with limits."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import signal
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from stigmergy.agents.evaluators import limited_run
from stigmergy.agents.evaluators.texts import unfenced
from stigmergy.domain import Task

_BYTES_PER_MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class UnitTestEvaluator:
    """1 where the answer's Python code passes the reference's tests (plain asserts), else 0.

    Both run in one namespace of a fresh interpreter: isolated mode, empty environment, an empty working directory,
    limits on time and memory, and no children left behind. That keeps accidents in; it is no sandbox against code
    written to break out, which wants a container around this whole process.
    """

    timeout_s: float = 10.0
    memory_mib: int = 512

    async def evaluate(self, task: Task, answer: str | None) -> float | None:
        """See ``Evaluator``; without a reference there are no tests."""
        if task.reference is None:
            return None
        if answer is None:
            return 0.0
        # Code that ends the interpreter early, with status 0 even, never reaches the line that says this word.
        word = secrets.token_hex(16)
        work = {"code": unfenced(answer), "tests": unfenced(task.reference), "word": word} | self._limits()
        said = await self._run(json.dumps(work).encode())
        return float(said == word.encode())

    def _limits(self) -> dict[str, int]:
        return {"memory_bytes": self.memory_mib * _BYTES_PER_MIB, "most_s": int(self.timeout_s) + 1}

    async def _run(self, work: bytes) -> bytes:
        """What the process reported until it ended or ran out of time.

        Both ways go through files: a pipe would stay open for as long as any child of the code holds it.
        """
        with tempfile.TemporaryDirectory(prefix="stigmergy-tests-") as folder, _filled(work) as told, _filled() as said:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", str(Path(limited_run.__file__))),
                stdin=told,
                stdout=said,
                stderr=asyncio.subprocess.DEVNULL,
                cwd=folder,
                env={},
                start_new_session=True,
            )
            try:
                async with asyncio.timeout(self.timeout_s):
                    await process.wait()
            except TimeoutError:
                return b""
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
            said.seek(0)
            return said.read()


def _filled(content: bytes = b"") -> IO[bytes]:
    """An open temporary file with this content, to be read from its start."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the caller's ``with`` closes it
    file.write(content)
    file.seek(0)
    return file
