"""In front of routing: is this query one that the agents of the graph are for?"""
