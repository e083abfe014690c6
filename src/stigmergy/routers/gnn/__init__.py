"""A graph neural network over queries, task types and agents (GraphRouter, arXiv:2410.03834, and beyond)."""
