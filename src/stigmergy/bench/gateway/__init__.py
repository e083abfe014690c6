"""What the gateway adds to a language model's answer: directly, through Serve, through us, through a peer."""
