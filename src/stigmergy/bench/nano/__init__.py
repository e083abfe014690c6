"""The nano bench: two small language models as agents, what each can do, and what routing between them is worth."""
