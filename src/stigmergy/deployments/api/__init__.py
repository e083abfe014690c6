"""The HTTP API: FastAPI for its schema, plain requests and responses on the hot routes."""

from stigmergy.deployments.api.application import build_api

__all__ = ["build_api"]
