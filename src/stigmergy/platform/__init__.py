"""Running episodes: the use cases."""
