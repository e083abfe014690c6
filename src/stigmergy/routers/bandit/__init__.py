"""Contextual bandits: a linear model of reward per agent, learnt while it serves."""
