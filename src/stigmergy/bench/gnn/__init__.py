"""How long the graph neural network trains, scores, and takes outcomes in."""
