"""``stigmergy demo``: the whole platform on the workbench, against the baselines, with faults, in one table."""
