from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from stigmergy.errors import MissingExtra, StoreUnavailable
from stigmergy.platform.store import open_store
from stigmergy.platform.store.memory import MemoryStore


def test_memory_needs_no_database_package() -> None:
    code = (
        "import sys; from stigmergy.platform.store import open_store; open_store('memory://'); "
        "assert 'sqlalchemy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_memory_store_is_empty_and_its_own() -> None:
    assert isinstance(open_store("memory://"), MemoryStore)
    assert open_store("memory://") is not open_store("memory://")


def test_a_missing_package_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(MissingExtra, match=r"psycopg.*stigmergy\[postgres\]"):
        open_store("postgresql://u@h/d")


def test_an_unreachable_server_is_reported_without_the_password(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable) as unavailable:
        open_store(f"postgresql://u:s3cret@/d?host={tmp_path}")
    assert "s3cret" not in str(unavailable.value)
    assert str(tmp_path) in unavailable.value.reason
