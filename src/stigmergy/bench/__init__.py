"""Benches: what is promised, measured beside others that do the same work. Nothing else imports this room."""
