"""HTTP to the server of a language model: over connections of our own, or through a proxy."""
