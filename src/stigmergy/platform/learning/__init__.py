"""From finished episodes to routers that know more."""
