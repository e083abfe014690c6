"""One YAML file and the environment, read once into frozen records; every mistake is reported with its path."""

from stigmergy.platform.settings.loading import (
    load_settings,
    serving_of_text,
    settings_from,
    settings_schema,
    unset_variables,
)
from stigmergy.platform.settings.prices import old_prices
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
    "old_prices",
    "serving_of_text",
    "settings_from",
    "settings_schema",
    "unset_variables",
]
