"""The embedded configuration: the workbench, complete, for who has no key, no GPU and no network."""

from __future__ import annotations

from pathlib import Path
from typing import Final

WORKBENCH: Final = Path(__file__).with_name("workbench.yaml")
