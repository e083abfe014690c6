"""Routers judged by replay on logs in which every arm's outcome is known (METHODS M2)."""
