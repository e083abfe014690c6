"""The budgets of tenants and keys, from the settings."""

from __future__ import annotations

from stigmergy.domain import Budget
from stigmergy.platform.budgets.leased_accounts import key_account, tenant_account
from stigmergy.platform.budgets.shared_budgets import SharedBudgets
from stigmergy.platform.budgets.slices import SliceTerms
from stigmergy.platform.clock import Clock
from stigmergy.platform.ports import Store
from stigmergy.platform.settings import Settings

_RENEWALS_PER_LEASE = 6


def build_budgets(settings: Settings, store: Store, clock: Clock, owner: str) -> SharedBudgets:
    """What the process ``owner`` books on above its tasks. A lease outlives the longest call of any agent."""
    longest_s = max(profile.timeout_s for profile in settings.profiles().values())
    held_s = settings.engine.lease_s
    terms = SliceTerms(lease_s=longest_s + held_s, margin_s=longest_s, renew_s=held_s / _RENEWALS_PER_LEASE)
    return SharedBudgets(shared_limits(settings), store, terms, clock, owner)


def shared_limits(settings: Settings) -> dict[str, Budget]:
    """The budget of every tenant and of every key, by the name of its account."""
    limits = {}
    for tenant, config in settings.tenants.items():
        limits[tenant_account(tenant)] = config.budget.budget()
        for key, known in config.keys.items():
            limits[key_account(tenant, key)] = known.budget.budget()
    return limits
