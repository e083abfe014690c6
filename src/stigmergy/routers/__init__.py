"""Which hop comes next: scores in, nothing executed."""
