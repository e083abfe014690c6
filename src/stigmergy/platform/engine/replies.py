"""What a reply has to be before it is charged and stored, wherever it came from."""

from __future__ import annotations

from stigmergy.agents.base import Reply
from stigmergy.domain import ZERO, AgentId
from stigmergy.errors import InvalidReply


def bookable(agent: AgentId, reply: Reply) -> Reply:
    """The reply as it is; raises InvalidReply when its usage cannot be charged or its text cannot be stored."""
    usage = reply.usage
    cached = usage.cached_tokens
    least = min(usage.input_tokens - cached, usage.output_tokens, usage.model_calls, cached)
    if least < 0 or not usage.usd.is_finite() or usage.usd < ZERO:
        raise InvalidReply(agent, f"it says that it used {usage}, which cannot be charged")
    said = reply.text + (reply.hand_back or "")
    if "\x00" in said:
        raise InvalidReply(agent, "its text holds a NUL character, which databases cannot store")
    try:
        said.encode()
    except UnicodeEncodeError as error:
        reason = f"character {error.start} of its text is half of a surrogate pair, which is no text"
        raise InvalidReply(agent, reason) from None
    return reply
