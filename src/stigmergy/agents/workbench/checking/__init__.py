"""From a value to a judged value: sanity, verification by inverse or substitution, and independent recomputation."""
