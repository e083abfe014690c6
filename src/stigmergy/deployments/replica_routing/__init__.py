"""Which replica of a language model answers: requests go to where their prefix may be cached."""
