"""A cluster of several nodes on this machine: one is killed under load, and a changed configuration is rolled out."""
