"""Budget-aware routing as a decision process: what is seen, what it is worth, and logs that can be acted in again."""
