"""Estimators of arms from logged outcomes to artifacts that routers serve."""
