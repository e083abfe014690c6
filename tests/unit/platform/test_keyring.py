from __future__ import annotations

import pytest

from stigmergy.errors import ConfigError, Unauthorized
from stigmergy.platform.keyring import Asker, Keyring, key_hash, new_key
from stigmergy.platform.settings import TenantConfig
from stigmergy.platform.settings.records import KeyConfig

KEY, OTHER = "stg_acmes-key", "stg_umbrellas-key"
TENANTS = {
    "acme": TenantConfig(keys={"ci": KeyConfig(hash=key_hash(KEY))}),
    "umbrella": TenantConfig(keys={"web": KeyConfig(env="UMBRELLA_KEY")}),
}


def test_a_key_leads_to_its_tenant_whether_its_hash_or_its_variable_is_configured() -> None:
    ring = Keyring(TENANTS, {"UMBRELLA_KEY": OTHER})
    assert ring.asker(f"Bearer {KEY}") == Asker("acme", "ci")
    assert ring.asker(f"bearer  {OTHER} ") == Asker("umbrella", "web")


@pytest.mark.parametrize("shown", [None, "", "Bearer", "Bearer  ", f"Basic {KEY}", KEY, "Bearer nonsense"])
def test_whatever_is_no_known_key_is_refused_without_being_repeated(shown: str | None) -> None:
    with pytest.raises(Unauthorized) as refused:
        Keyring(TENANTS, {"UMBRELLA_KEY": OTHER}).asker(shown)
    assert KEY not in str(refused.value)
    assert "nonsense" not in str(refused.value)


def test_without_tenants_everybody_is_local() -> None:
    assert Keyring({}, {}).asker(None) == Asker("local", "", operator=True)


def test_a_variable_that_is_not_set_is_named_with_its_path() -> None:
    with pytest.raises(ConfigError, match=r"tenants\.umbrella\.keys\.web\.env.*UMBRELLA_KEY"):
        Keyring(TENANTS, {})


def test_keys_are_never_the_same() -> None:
    assert len({new_key() for _ in range(100)}) == 100


def test_without_keys_everybody_may_move_policies_and_with_them_operators_alone() -> None:
    staff = TenantConfig(keys={"ci": KeyConfig(hash=key_hash(OTHER))}, operator=True)
    ring = Keyring({"acme": TENANTS["acme"], "staff": staff}, {})
    assert ring.asker(f"Bearer {OTHER}").operator
    assert not ring.asker(f"Bearer {KEY}").operator
    assert Keyring({}, {}).asker(None).operator
