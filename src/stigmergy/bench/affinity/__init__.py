"""How much load replicas take within a time limit, by how requests are shared among them."""
