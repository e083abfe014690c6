"""What each arm is worth on a query: quality and cost learnt from outcomes. Pure NumPy; these are what serves."""
