"""Offline warm-up of ant colonies: trails learnt from logged episodes, before anything is served."""
