"""Nano: character-level language models in two sizes, made by the project itself (METHODS M20)."""
