"""The client of a Stigmergy server, in a sync and an async form. Needs httpx and pydantic only."""

from stigmergy.client.asynchronous import AsyncClient
from stigmergy.client.protocol import Outcome
from stigmergy.client.sync import Client

__all__ = ["AsyncClient", "Client", "Outcome"]
