"""What a hop and a reroute cost, on generated graphs."""
