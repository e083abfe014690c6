"""Trained policies in service: which one decides, what the next one would do, and when it takes over or goes."""
