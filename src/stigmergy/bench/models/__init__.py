"""The models bench: tokens per second of the batching engine beside plain generation, in one run."""
