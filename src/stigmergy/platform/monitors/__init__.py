"""What looks at a hop before it is taken: tool health, intent, risk and progress. Pure; no language model is asked."""

from stigmergy.platform.monitors.base import Monitor, NextHop, Ruling, Verdict, ruling
from stigmergy.platform.monitors.configs import MonitorsConfig, ProgressConfig, RiskRule
from stigmergy.platform.monitors.rules import monitors_of

__all__ = [
    "Monitor",
    "MonitorsConfig",
    "NextHop",
    "ProgressConfig",
    "RiskRule",
    "Ruling",
    "Verdict",
    "monitors_of",
    "ruling",
]
