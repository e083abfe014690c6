"""What the engine itself costs: a chain of steps that do nothing, here and in the engines of others."""
