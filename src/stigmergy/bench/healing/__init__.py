"""The healing bench: three published topologies, their 19 scenarios and every set of failures of each topology."""
