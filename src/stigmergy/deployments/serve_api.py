"""The REST API of a cluster's Serve, on the dashboard of its head. Needs no Ray on this side."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from stigmergy.errors import ClusterRefused, ClusterUnreachable

DEFAULT_ADDRESS = "http://127.0.0.1:8265"
_TIMEOUT_S = 60.0


class ServeApi:
    """One cluster's Serve; close it, or use it in a ``with`` block.

    Raises (every method):
        ClusterUnreachable: nobody answers at the address.
        ClusterRefused: it answered with an error; 401 and 403 are about the token.
    """

    def __init__(self, address: str, token: str | None = None) -> None:
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        self.address = address.rstrip("/")
        self._http = httpx.Client(base_url=self.address, headers=headers, timeout=_TIMEOUT_S)

    def put(self, document: Mapping[str, Any]) -> None:
        """Have the cluster serve these applications, and nothing else; returns before it does."""
        self._ask("PUT", "/api/serve/applications/", document)

    def stop(self) -> None:
        """Have the cluster serve nothing; returns before it does."""
        self._ask("DELETE", "/api/serve/applications/")

    def serving(self) -> Mapping[str, Any]:
        """What is served: applications with their deployments and replicas, and proxies by node."""
        found: Mapping[str, Any] = self._ask("GET", "/api/serve/applications/").json()
        return found

    def nodes(self) -> list[Mapping[str, Any]]:
        """The nodes of the cluster, the dead ones that it still remembers included."""
        found: list[Mapping[str, Any]] = self._ask("GET", "/nodes?view=summary").json()["data"]["summary"]
        return found

    def ray_version(self) -> str:
        """The version of Ray that the head runs."""
        return str(self._ask("GET", "/api/version").json()["ray_version"])

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, method: str, path: str, document: Mapping[str, Any] | None = None) -> httpx.Response:
        try:
            answer = self._http.request(method, path, json=document)
        except httpx.HTTPError as error:
            raise ClusterUnreachable(self.address, str(error) or type(error).__name__) from None
        if answer.is_error:
            raise ClusterRefused(self.address, answer.status_code, answer.text)
        return answer


def cluster_token(environ: Mapping[str, str]) -> str | None:
    """The token of Ray's token authentication, from where Ray itself takes it; None where there is none.

    That is ``RAY_AUTH_TOKEN``, the file that ``RAY_AUTH_TOKEN_PATH`` names, or ``~/.ray/auth_token``.
    """
    if token := environ.get("RAY_AUTH_TOKEN"):
        return token
    named = environ.get("RAY_AUTH_TOKEN_PATH")
    path = Path(named) if named else Path.home() / ".ray" / "auth_token"
    return path.read_text(encoding="utf-8").strip() or None if path.is_file() else None
