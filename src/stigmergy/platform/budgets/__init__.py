"""Budgets: the account that a task spends from, and what stands above it, shared by all gateways of a cluster."""
