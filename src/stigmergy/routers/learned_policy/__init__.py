"""Policies trained by reinforcement learning, in service: numpy alone scores them."""
