"""LiteLLM's proxy before the same upstream, in an environment of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stigmergy.bench.gateway.processes import free_port, wait_until_ready
from stigmergy.bench.gateway.system import DELAYS_MS, System, delayed_model, plain_path, upstream_url
from stigmergy.errors import StigmergyError

_READY_WITHIN_S = 120.0
_ENDS_WITHIN_S = 20.0
_KEY = "sk-bench"
_RUN = "import sys; from litellm import run_server; sys.argv[0] = 'litellm'; run_server()"
_VERSION = "from importlib.metadata import version; print(version('litellm'))"


@contextmanager
def running_litellm(python: Path, upstream_port: int, folder: Path) -> Iterator[System]:
    """One worker with a list of models and a key: no database, no logging, no retries; nothing that slows it down."""
    port, config = free_port(), folder / "litellm.yaml"
    # JSON is YAML.
    config.write_text(json.dumps(_config(upstream_port)))
    arguments = ["--config", str(config), "--host", "127.0.0.1", "--port", str(port), "--num_workers", "1"]
    # Without the paths of this environment, whose packages are of other versions.
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    quiet = {"LITELLM_LOG": "ERROR", "LITELLM_MODE": "PRODUCTION", "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    with (folder / "litellm.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603
            [str(python), "-c", _RUN, *arguments],
            stdout=log, stderr=log, env=environment | quiet, cwd=folder, start_new_session=True,
        )  # fmt: skip
        try:
            wait_until_ready(f"http://127.0.0.1:{port}/health/liveliness", _READY_WITHIN_S)
            headers = (("authorization", f"Bearer {_KEY}"),)
            yield System(name="litellm", port=port, path=plain_path, model=delayed_model, headers=headers)
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(_ENDS_WITHIN_S)


def litellm_version(python: Path) -> str:
    """Which LiteLLM a Python has.

    Raises:
        StigmergyError: none.
    """
    try:
        found = subprocess.run([str(python), "-c", _VERSION], capture_output=True, text=True, check=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        reason = f"{python} has no LiteLLM; `{python} -m pip install 'litellm[proxy]'` gives it one"
        raise StigmergyError(reason) from None
    return found.stdout.strip()


def _config(upstream_port: int) -> dict[str, object]:
    models = [
        {
            "model_name": delayed_model(delay),
            "litellm_params": {
                "model": "openai/fake",
                "api_base": upstream_url(upstream_port, delay),
                "api_key": "none",
            },
        }
        for delay in DELAYS_MS
    ]
    return {
        "model_list": models,
        "litellm_settings": {"num_retries": 0, "telemetry": False},
        "general_settings": {"master_key": _KEY},
    }
