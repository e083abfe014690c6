"""What every budget store decides in the same way. Pure; the stores only keep the figures."""

from __future__ import annotations

from stigmergy.domain import Spend
from stigmergy.errors import BudgetRefused
from stigmergy.platform.records import Draw, Holding, Proof, Standing


def slice_of(draw: Draw, standing: Standing) -> Spend:
    """The slice to lease of an account that stands so: ``min(max(need, slice), left)`` per limited resource.

    Raises:
        BudgetRefused: less than the need is left.
    """
    left = draw.limit.left(standing.taken())
    excess = draw.limit.within(left).excess(draw.need)
    if excess is not None:
        resource, available, asked = excess
        raise BudgetRefused(draw.account, resource, asked, available)
    return (draw.need + draw.slice.beyond(draw.need)).capped(left)


def written_off(holding: Holding, proof: Proof) -> Spend:
    """What is lost of a lapsed holding: what is in doubt, at most what is left of it beside the proven part."""
    return proof.in_doubt.capped(holding.granted.beyond(holding.settled + proof.spent))
