"""``stigmergy train nano``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from stigmergy.cli.extras import needs
from stigmergy.cli.options import AsJson
from stigmergy.cli.output import print_json, stdout, working


def nano(
    out: Annotated[Path, typer.Option(file_okay=False, help="The folder that the model is written to.")],
    size: Annotated[Literal["small", "large"], typer.Option(help="How large a network.")] = "small",
    minutes: Annotated[float, typer.Option(min=0.01, help="Training comes to rest by then, with fewer steps.")] = 30.0,
    steps: Annotated[int | None, typer.Option(min=1, help="Steps of training; left out: what the size needs.")] = None,
    seed: Annotated[int, typer.Option(help="Of everything drawn.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Make a tiny language model: characters, sums and changes of texts. No download, no GPU needed."""
    with needs("transformers"):
        from stigmergy.agents.models.nano.making import Making, make_nano
    with working("training") as status:
        made = make_nano(
            Making(size=size, minutes=minutes, steps=steps, seed=seed),
            told=lambda step, loss: status.update(f"training: step {step}, loss {loss:.3f}"),
        )
    made.save(out)
    if as_json:
        print_json(made.describe())
        return
    console, about = stdout(), made.describe()
    console.print(f"wrote {out}: {about['parameters']:,} parameters, {about['steps']} steps, loss {about['loss']:.3f}")
    console.print(f"right: {', '.join(f'{share:.0%} of {tier}' for tier, share in made.right.items())}")
    console.print(f"{about['flops_per_token']:,} operations a token: {about['usd_per_million_tokens']} USD per million")
