"""Training and judging guards on queries whose agent is known."""
