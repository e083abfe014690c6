"""One YAML file and the environment, read once into frozen records; every mistake is reported with its path."""

from stigmergy.platform.settings.loading import load_settings, settings_from, settings_schema
from stigmergy.platform.settings.records import (
    CoordinationConfig,
    EngineConfig,
    GraphConfig,
    LearningConfig,
    ServingConfig,
    Settings,
    StoreConfig,
    TenantConfig,
    WorkersConfig,
)

__all__ = [
    "CoordinationConfig",
    "EngineConfig",
    "GraphConfig",
    "LearningConfig",
    "ServingConfig",
    "Settings",
    "StoreConfig",
    "TenantConfig",
    "WorkersConfig",
    "load_settings",
    "settings_from",
    "settings_schema",
]
