"""One round of each kind of ``stigmergy bench chaos``: real processes, killed under the load of a real client."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

STIGMERGY = (sys.executable, "-c", "from stigmergy.cli.main import app; app()")

pytestmark = [pytest.mark.ray, pytest.mark.timeout(600)]


def test_nothing_is_lost_and_nothing_runs_twice_whatever_is_killed(tmp_path: Path) -> None:
    environ = {**os.environ, "XDG_STATE_HOME": str(tmp_path)}
    command = [*STIGMERGY, "bench", "chaos", "--rounds", "1", "--json"]
    done = subprocess.run(command, check=False, env=environ, cwd=tmp_path, capture_output=True, text=True, timeout=540)
    assert done.stdout, done.stderr[-3000:]
    told = json.loads(done.stdout)
    assert [each["kind"] for each in told["rounds"]] == ["worker", "gateway", "coordinator", "postgresql"]
    assert (told["kept"], done.returncode) == (True, 0), told["rounds"]
    assert all(each["findings"]["committed"] == 3 * each["findings"]["accepted"] for each in told["rounds"])
