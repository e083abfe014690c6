"""``stigmergy keys``."""

from __future__ import annotations

import typer

from stigmergy.cli.extras import needs
from stigmergy.cli.options import AsJson
from stigmergy.cli.output import print_json, stdout

app = typer.Typer(no_args_is_help=True, help="Keys that tenants show to the server.")


@app.callback()
def _group() -> None:
    """Keep ``new`` a command of its own."""


@app.command()
def new(as_json: AsJson = False) -> None:
    """Make a key: the key is for whoever asks, its hash for the configuration. The key is shown this once only."""
    with needs("core"):
        from stigmergy.platform.keyring import key_hash, new_key
    key = new_key()
    if as_json:
        print_json({"key": key, "hash": key_hash(key)})
        return
    # Plain lines: a table could break a key in two.
    for line in (f"key   {key}", f"hash  {key_hash(key)}", "In the configuration: tenants.NAME.keys.NAME.hash"):
        stdout().print(line, soft_wrap=True, highlight=False, markup=False)
