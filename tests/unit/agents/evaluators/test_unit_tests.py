from __future__ import annotations

import os
import select
from collections.abc import Callable
from pathlib import Path

import pytest

from stigmergy.agents.evaluators import UnitTestEvaluator
from stigmergy.domain import Task

TaskWith = Callable[..., Task]
TESTS = "assert double(2) == 4\nassert double('a') == 'aa'"
RIGHT = "def double(x):\n    return x + x"


@pytest.mark.parametrize(
    ("answer", "quality"),
    [
        (RIGHT, 1.0),
        (f"```python\n{RIGHT}\n```", 1.0),
        (f"print('chatter')\n{RIGHT}", 1.0),
        ("def double(x):\n    return 2", 0.0),
        ("def double(x) return x", 0.0),
        ("import sys; sys.exit(0)", 0.0),
        ("import os; os._exit(0)", 0.0),
        ("print('passed')", 0.0),
        ("", 0.0),
    ],
)
async def test_code_is_worth_one_where_every_test_passes(answer: str, quality: float, task_with: TaskWith) -> None:
    assert await UnitTestEvaluator().evaluate(task_with(TESTS), answer) == quality


async def test_without_tests_code_cannot_be_judged_and_no_code_is_worth_nothing(task_with: TaskWith) -> None:
    assert await UnitTestEvaluator().evaluate(task_with(None), RIGHT) is None
    assert await UnitTestEvaluator().evaluate(task_with(TESTS), None) == 0.0


async def test_code_that_never_ends_is_stopped(task_with: TaskWith) -> None:
    endless = "def double(x):\n    while True: pass"
    assert await UnitTestEvaluator(timeout_s=0.3).evaluate(task_with(TESTS), endless) == 0.0


async def test_code_that_takes_too_much_memory_fails(task_with: TaskWith) -> None:
    greedy = f"{RIGHT}\nhoard = bytearray(400 * 1024 * 1024)"
    assert await UnitTestEvaluator(memory_mib=128).evaluate(task_with(TESTS), greedy) == 0.0


async def test_code_sees_no_environment_and_works_in_a_folder_that_is_gone_afterwards(
    task_with: TaskWith, tmp_path: Path
) -> None:
    told = tmp_path / "told"
    code = f"import os\nopen('here', 'w').close()\nopen({str(told)!r}, 'w').write(os.getcwd())"
    tests = "assert not any(name.startswith(('OPENAI', 'HOME', 'PYTHON')) for name in os.environ)"
    assert await UnitTestEvaluator().evaluate(task_with(tests), code) == 1.0
    assert not os.path.lexists(told.read_text())  # noqa: ASYNC240 - nothing else runs in this test


async def test_children_that_the_code_leaves_behind_are_ended(task_with: TaskWith, tmp_path: Path) -> None:
    """The child holds one end of a named pipe; its other end sees a hang-up when the child is gone."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    ours = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    code = (
        f"import os, time\nif os.fork() == 0:\n    held = os.open({str(pipe)!r}, os.O_WRONLY)\n"
        f"    os.write(held, b'alive')\n    time.sleep(60)\nopen({str(pipe)!r}, 'rb').read(5)"
    )
    assert await UnitTestEvaluator().evaluate(task_with("pass"), code) == 1.0
    hang_up = select.poll()
    hang_up.register(ours, 0)
    assert hang_up.poll(5000) == [(ours, select.POLLHUP)]
    os.close(ours)
