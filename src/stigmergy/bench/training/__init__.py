"""How fast routing policies are trained, beside RLlib's defaults and plain torch, on a log that is made up."""
