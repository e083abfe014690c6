from __future__ import annotations

import asyncio
import operator
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from stigmergy.agents.base import Request
from stigmergy.agents.runners import LoopRunner, ProcessRunner, Runner, Runs, SharedRunners, ThreadRunner, own_runner
from stigmergy.agents.tool import OnText

Ask = Callable[..., Request]
EVALUATED = OnText(eval)
"""Runs the request's text as Python: a program that every process can import."""


@pytest.fixture
async def processes() -> AsyncIterator[ProcessRunner]:
    runner = ProcessRunner()
    yield runner
    await runner.aclose()


@pytest.mark.parametrize("runs", ["loop", "thread", "process", "deployment"])
async def test_every_runner_returns_what_the_program_returned(runs: Runs, ask: Ask) -> None:
    runner = own_runner(runs)
    assert await runner.run(operator.attrgetter("text"), ask("hello")) == "hello"
    await runner.aclose()
    await runner.aclose()


@pytest.mark.parametrize("runs", ["loop", "thread", "process", "deployment"])
async def test_every_runner_passes_the_programs_error_through(runs: Runs, ask: Ask) -> None:
    runner = own_runner(runs)
    with pytest.raises(ZeroDivisionError):
        await runner.run(EVALUATED, ask("1/0"))
    await runner.aclose()


@pytest.mark.parametrize("runs", ["loop", "thread", "process", "deployment"])
@pytest.mark.parametrize("stop", ["SystemExit", "StopIteration"])
async def test_a_program_that_would_end_its_host_only_fails(runs: Runs, stop: str, ask: Ask) -> None:
    runner = own_runner(runs)
    raised = "next(iter([]))" if stop == "StopIteration" else "__import__('sys').exit(3)"
    with pytest.raises(RuntimeError, match=stop):
        await runner.run(EVALUATED, ask(raised))
    assert await runner.run(EVALUATED, ask("1 + 1")) == 2
    await runner.aclose()


async def test_the_loop_runner_awaits_a_coroutine_function(ask: Ask) -> None:
    async def program(request: Request) -> str:
        return request.text.upper()

    assert await LoopRunner().run(program, ask("hello")) == "HELLO"


async def test_a_deployment_runs_one_program_at_a_time_off_the_loop(ask: Ask) -> None:
    runner = own_runner("deployment")
    threads = await asyncio.gather(*(runner.run(lambda _: threading.get_ident(), ask()) for _ in range(4)))
    assert len(set(threads)) == 1
    assert threads[0] != threading.get_ident()
    await runner.aclose()


async def test_a_worker_process_is_kept_from_call_to_call(processes: ProcessRunner, ask: Ask) -> None:
    pids = {await processes.run(EVALUATED, ask("__import__('os').getpid()")) for _ in range(3)}
    assert len(pids) == 1
    assert pids != {os.getpid()}


async def test_no_process_starts_before_the_first_call() -> None:
    runner = ProcessRunner()
    assert not runner.pids
    await runner.aclose()


async def test_a_cancelled_call_takes_its_worker_with_it_and_the_next_call_gets_a_new_one(
    processes: ProcessRunner, ask: Ask
) -> None:
    first = await processes.run(EVALUATED, ask("__import__('os').getpid()"))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await processes.run(EVALUATED, ask("__import__('time').sleep(60)"))
    second = await processes.run(EVALUATED, ask("__import__('os').getpid()"))
    assert first != second
    assert processes.pids == (second,)


async def test_a_worker_that_dies_fails_its_call_and_is_replaced(processes: ProcessRunner, ask: Ask) -> None:
    with pytest.raises(ChildProcessError, match="died in the middle"):
        await processes.run(EVALUATED, ask("__import__('os')._exit(1)"))
    assert await processes.run(EVALUATED, ask("'back'")) == "back"


async def test_an_outcome_that_cannot_be_pickled_is_an_error_that_says_so(processes: ProcessRunner, ask: Ask) -> None:
    with pytest.raises(RuntimeError, match="pickle"):
        await processes.run(EVALUATED, ask("lambda: 1"))
    assert await processes.run(EVALUATED, ask("2")) == 2


async def test_an_error_that_cannot_be_unpickled_is_described(processes: ProcessRunner, ask: Ask) -> None:
    raising = "exec('''class Odd(Exception):\\n  pass\\nraise Odd(\"lost\")''')"
    with pytest.raises(RuntimeError, match="Odd: lost"):
        await processes.run(EVALUATED, ask(raising))


async def test_two_workers_run_two_programs_at_once(tmp_path: Path, ask: Ask) -> None:
    """Each program waits for the other's end of a named pipe, so that neither ends alone."""
    pipe = tmp_path / "meeting"
    os.mkfifo(pipe)
    runner = ProcessRunner(workers=2)
    sides = [ask(f"open({str(pipe)!r}, {mode!r}).close()") for mode in ("r", "w")]
    assert await asyncio.gather(*(runner.run(EVALUATED, side) for side in sides)) == [None, None]
    await runner.aclose()


async def test_closing_kills_what_still_computes(ask: Ask) -> None:
    runner = ProcessRunner()
    running = asyncio.create_task(runner.run(EVALUATED, ask("__import__('time').sleep(60)")))
    await asyncio.sleep(0)
    assert runner.pids
    await runner.aclose()
    with pytest.raises(ChildProcessError):
        await running
    with pytest.raises(RuntimeError, match="closed"):
        await runner.run(EVALUATED, ask("1"))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel's death signal is Linux's")
def test_a_worker_does_not_outlive_a_killed_parent() -> None:
    computing = "print(__import__('os').getpid(), flush=True) or __import__('time').sleep(600)"
    script = f"""
import asyncio
from stigmergy.agents.base import Request
from stigmergy.agents.runners import ProcessRunner
from stigmergy.agents.tool import OnText
request = Request(text={computing!r}, step_key="s", timeout_s=600)
asyncio.run(ProcessRunner().run(OnText(eval), request))
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, env=environment) as parent:
        assert parent.stdout is not None
        worker = os.pidfd_open(int(parent.stdout.readline()))
        parent.send_signal(signal.SIGKILL)
        ended = select.poll()
        ended.register(worker, select.POLLIN)
        assert ended.poll(10_000), "the worker still runs 10 s after its parent was killed"
        os.close(worker)


async def test_shared_runners_stay_open_until_their_owner_closes_them(ask: Ask) -> None:
    shared = SharedRunners(threads=1, workers=1)
    one, other = shared("thread"), shared("thread")
    await one.aclose()
    assert await other.run(EVALUATED, ask("3")) == 3
    assert not isinstance(shared("deployment"), type(one))
    await shared.aclose()
    with pytest.raises(RuntimeError):
        await other.run(EVALUATED, ask("3"))


@pytest.mark.parametrize("runner", [LoopRunner(), ThreadRunner(1)])
async def test_calls_that_overlap_get_their_own_outcomes(runner: Runner, ask: Ask) -> None:
    outcomes = await asyncio.gather(*(runner.run(EVALUATED, ask(str(n))) for n in range(20)))
    assert outcomes == list(range(20))
    await runner.aclose()
