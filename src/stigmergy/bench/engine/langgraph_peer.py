"""The chain in LangGraph: its own state graph, without a checkpointer or with one of its own."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, TypedDict

import aiosqlite
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph import END, START, StateGraph

from stigmergy.bench.engine.system import NAMES, SYNCHRONOUS, System

_DEFAULT: Literal["async"] = "async"


class _State(TypedDict):
    text: str


async def _step(state: _State) -> _State:
    return {"text": state["text"]}


def without_checkpoints() -> System:
    """Nothing is kept."""
    graph = _chain(None)

    async def task(text: str) -> None:
        await graph.ainvoke({"text": text})

    return System(name="langgraph_none", task=task, settings={"durability": "none", "checkpointer": "none"})


def in_memory() -> System:
    """A checkpoint after every step, in memory."""
    return _checkpointed("langgraph_memory", InMemorySaver(), _DEFAULT, "none")


@asynccontextmanager
async def on_sqlite(folder: Path) -> AsyncIterator[tuple[System, System]]:
    """A checkpoint after every step in a file: as LangGraph does it by default, and committed before the next step."""
    async with aiosqlite.connect(folder / "langgraph.db") as connection:
        # What this platform sets, too; SQLite's own default would flush the disk at every commit.
        await connection.execute("PRAGMA synchronous = NORMAL")
        saver = AsyncSqliteSaver(connection)
        await saver.setup()
        journal, synchronous = await _pragma(connection, "journal_mode"), await _pragma(connection, "synchronous")
        kept = f"SQLite, journal_mode={journal}, synchronous={SYNCHRONOUS[int(synchronous)]}"
        yield (
            _checkpointed("langgraph_sqlite", saver, _DEFAULT, kept),
            _checkpointed("langgraph_sqlite_sync", saver, "sync", kept),
        )


def _checkpointed(name: str, saver: Any, durability: Literal["sync", "async"], kept: str) -> System:
    graph = _chain(saver)

    async def task(text: str) -> None:
        await graph.ainvoke({"text": text}, {"configurable": {"thread_id": uuid.uuid4().hex}}, durability=durability)

    when = "written while the next step runs (default)" if durability == "async" else "committed before the next step"
    settings = {"durability": f"{kept}; checkpoint {when}", "checkpointer": type(saver).__name__}
    return System(name=name, task=task, settings=settings)


def _chain(saver: Any) -> Any:
    builder = StateGraph(_State)
    for name in NAMES:
        builder.add_node(name, _step)
    for source, target in pairwise((START, *NAMES, END)):
        builder.add_edge(source, target)
    return builder.compile(checkpointer=saver)


async def _pragma(connection: aiosqlite.Connection, name: str) -> str:
    async with connection.execute(f"PRAGMA {name}") as rows:
        row = await rows.fetchone()
    return str(row[0]) if row is not None else "unknown"
