"""Replay of whole routes: what every way through a graph would have done on every query (METHODS M14)."""
