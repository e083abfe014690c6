"""The evidence router learnt and judged on logs that hold the agents' answers (METHODS M3)."""
