"""What does the work. Knows no router, no ledger."""
