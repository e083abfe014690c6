"""Who asks: the tenant and the key that a request shows."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from stigmergy.errors import ConfigError, Unauthorized
from stigmergy.platform.settings import TenantConfig

_PREFIX: Final = "stg_"
_RANDOM_BYTES: Final = 32
_SCHEME: Final = "bearer"


@dataclass(frozen=True, slots=True)
class Asker:
    """A tenant, the name of the key that it asks with, and whether it may see and move policies."""

    tenant: str = "local"
    key: str = ""
    operator: bool = False


def new_key() -> str:
    """A key that nobody can guess: 256 random bits."""
    return _PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)


def key_hash(key: str) -> str:
    """What is stored of a key. It is random, so a plain SHA-256 cannot be turned back."""
    return sha256(key.encode()).hexdigest()


class Keyring:
    """The keys of all tenants, as hashes. Without any tenant everybody is ``local``: the server is then on loopback."""

    def __init__(self, tenants: Mapping[str, TenantConfig], environ: Mapping[str, str]) -> None:
        self._askers: dict[str, Asker] = {}
        problems: list[tuple[str, str]] = []
        for tenant, config in tenants.items():
            for name, key in config.keys.items():
                secret = environ.get(key.env) if key.env is not None else None
                if key.hash is None and not secret:
                    problems.append((f"tenants.{tenant}.keys.{name}.env", f"the variable {key.env} is not set"))
                    continue
                self._askers[key.hash or key_hash(str(secret))] = Asker(tenant, name, config.operator)
        if problems:
            raise ConfigError("configuration", tuple(problems))

    def asker(self, authorization: str | None) -> Asker:
        """Whose the ``Authorization`` header is.

        Raises:
            Unauthorized: there are keys, and it shows none of them.
        """
        if not self._askers:
            return Asker(operator=True)
        scheme, _, shown = (authorization or "").partition(" ")
        if scheme.lower() != _SCHEME or not shown.strip():
            raise Unauthorized("no key was sent")
        given = key_hash(shown.strip())
        # Every hash is compared, in constant time: how long it takes tells nothing about which is near.
        found = [asker for known, asker in self._askers.items() if hmac.compare_digest(known, given)]
        if not found:
            raise Unauthorized("the key is not known here")
        return found[0]
