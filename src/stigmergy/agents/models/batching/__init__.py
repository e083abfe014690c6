"""Continuous batching for language models that run in this process: requests join and leave between two steps."""
