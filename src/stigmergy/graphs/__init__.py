"""Who may hand work to whom, and what it costs. Pure."""
