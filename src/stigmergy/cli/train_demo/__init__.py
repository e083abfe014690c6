"""``stigmergy train-demo``: from logged episodes to a policy that decides, and two that do not."""
