"""How quickly and how well agents are found among very many."""
