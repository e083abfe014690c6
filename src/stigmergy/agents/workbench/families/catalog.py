"""Every family by name: the one module that knows them all."""

from __future__ import annotations

from typing import Final

from stigmergy.agents.workbench.families import algebra, arithmetic, dates, python, tables, text
from stigmergy.agents.workbench.task import Family, FamilyName

FAMILIES: Final[dict[FamilyName, Family]] = {
    "arithmetic": Family("arithmetic", arithmetic.generate, arithmetic.check),
    "algebra": Family("algebra", algebra.generate, algebra.check),
    "dates": Family("dates", dates.generate, dates.check),
    "text": Family("text", text.generate, text.check),
    "tables": Family("tables", tables.generate, tables.check),
    "python": Family("python", python.generate, python.check),
}
ALL: Final[tuple[FamilyName, ...]] = tuple(FAMILIES)
