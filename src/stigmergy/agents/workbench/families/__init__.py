"""The task families, each with a generator and a checker that share nothing with the programs that solve them."""
