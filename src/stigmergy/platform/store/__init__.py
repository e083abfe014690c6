"""Where tasks, events, episodes and trails are kept: memory, SQLite or PostgreSQL behind the same ports."""

from stigmergy.platform.store.open import open_existing, open_store

__all__ = ["open_existing", "open_store"]
