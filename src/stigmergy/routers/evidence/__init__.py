"""The evidence router: what earlier agents answered decides whether to stop, and whom to ask next (METHODS M3)."""
