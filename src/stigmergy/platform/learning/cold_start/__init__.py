"""Agents that came after training: a few of the arms held out, known from a handful of probes (METHODS M15)."""
