"""Which of very many described agents are worth scoring: words, vectors, their fusion, and what is known of each."""
