"""Whether off-policy estimates keep what their intervals promise: simulated logs whose truth is known (METHODS M10)."""
