"""Ray's router by longest matching prefix, reading our requests."""

from __future__ import annotations

# The public name, in ray.serve.llm, cannot be imported without vLLM, of which this class needs nothing.
from ray.llm._internal.serve.routing_policies.prefix_aware.prefix_aware_router import PrefixCacheAffinityRouter
from ray.serve.request_router import PendingRequest

from stigmergy.deployments.replica_routing.prompts import asked_messages


class PrefixAwareRouter(PrefixCacheAffinityRouter):
    """As Ray's; only that our conversations are tuples of messages, of which Ray's own extraction makes no text."""

    def _extract_text_from_request(self, pending_request: PendingRequest) -> str:
        said = "\n".join(f"{each.role}: {each.content}" for each in asked_messages(pending_request.args))
        # It divides by the length.
        return said or " "
