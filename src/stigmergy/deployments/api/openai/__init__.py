"""The OpenAI door: chat completions, models and responses of text, for any client of OpenAI's API."""

from stigmergy.deployments.api.openai.described import openai_paths
from stigmergy.deployments.api.openai.doors import COMPLETING, openai_routes

__all__ = ["COMPLETING", "openai_paths", "openai_routes"]
