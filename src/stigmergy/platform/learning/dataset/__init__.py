"""From episodes and logs to transitions in Parquet, incrementally; the only learning code besides trainers with Ray."""
