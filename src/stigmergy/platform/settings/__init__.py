"""One YAML file and the environment, read once into frozen records; every mistake is reported with its path."""

from stigmergy.platform.settings.loading import load_settings, settings_from, settings_schema
from stigmergy.platform.settings.records import (
    CoordinationConfig,
    GraphConfig,
    LearningConfig,
    ServingConfig,
    Settings,
    StoreConfig,
    TenantConfig,
)

__all__ = [
    "CoordinationConfig",
    "GraphConfig",
    "LearningConfig",
    "ServingConfig",
    "Settings",
    "StoreConfig",
    "TenantConfig",
    "load_settings",
    "settings_from",
    "settings_schema",
]
