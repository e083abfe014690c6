"""Commands that read the store itself, without a server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias, TypeVar

import typer

from stigmergy.cli.extras import needs
from stigmergy.cli.serve import read_settings

if TYPE_CHECKING:
    from stigmergy.platform.ports import Store

T = TypeVar("T")

ConfigOption: TypeAlias = Annotated[
    Path | None,
    typer.Option("--config", "-c", dir_okay=False, help="The YAML file that names the store; else the workbench's."),
]
StoreOption: TypeAlias = Annotated[
    str | None, typer.Option("--store", metavar="URL", help="The store itself, as sqlite:///path or postgresql://...")
]


def store_url(config: Path | None, url: str | None) -> str:
    """Where the store is that the options name.

    Raises:
        ConfigError: the file is wrong.
    """
    if config is not None and url is not None:
        raise typer.BadParameter("give --config or --store, not both")
    return read_settings(config).store.url if url is None else url


def read_store(url: str, read: Callable[[Store], Awaitable[T]]) -> T:
    """What ``read`` makes of the store, which is closed after it.

    Raises:
        StoreUnavailable: there is no such store.
        MissingExtra: the packages for this kind of database are not installed.
    """
    with needs("core"):
        from stigmergy.platform.store import open_existing
    store = open_existing(url)

    async def work() -> T:
        try:
            return await read(store)
        finally:
            await store.aclose()

    return asyncio.run(work())
