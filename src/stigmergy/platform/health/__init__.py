"""How agents are doing: breakers and smoothed response times, laid over the graph as an Overlay."""

from stigmergy.platform.health.board import CallSample, HealthBoard
from stigmergy.platform.health.breaker import Breaker, BreakerConfig, BreakerState

__all__ = ["Breaker", "BreakerConfig", "BreakerState", "CallSample", "HealthBoard"]
