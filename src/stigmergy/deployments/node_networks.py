"""The networks of the nodes of a cluster on one machine: all of them on loopback, or each in a namespace of its own."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from random import randrange
from typing import Protocol

from stigmergy.errors import DeployFailed

_TOOL = "ip"


class NodeNetwork(Protocol):
    """Where each node is, by its number; the head is 0."""

    @property
    def dashboard_host(self) -> str:
        """The address on which the dashboard of the head listens, as this process reaches it."""
        ...

    def address(self, number: int) -> str:
        """The address of a node."""
        ...

    def inside(self, number: int, command: Sequence[str]) -> list[str]:
        """What runs ``command`` on a node, whose network is made where there is none; raises DeployFailed."""
        ...


@dataclass(frozen=True, slots=True)
class Loopback:
    """Every node has an address of its own in ``net`` of 127.0.0.0/8, and all of them share the ports of 0.0.0.0."""

    net: str
    dashboard_host: str = "127.0.0.1"

    def address(self, number: int) -> str:
        """Not 127.0.0.1, which Ray takes for the address of the machine."""
        return f"{self.net}.{number + 2}"

    def inside(self, number: int, command: Sequence[str]) -> list[str]:  # noqa: ARG002
        """The command itself."""
        return list(command)


class Namespaces:
    """Every node has a network namespace, as if it were a machine, and a cable to a bridge that this machine is on.

    The addresses are of 198.18.0.0/16, which is set apart for tests of networks (RFC 2544) and routed by nobody.
    """

    def __init__(self, third: int) -> None:
        """``third`` is the third byte of all addresses, which tells clusters apart."""
        self._net = f"198.18.{third}"
        self._bridge = f"sg{third}"
        self._made: set[int] = set()
        _ip("link", "add", self._bridge, "type", "bridge")
        _ip("addr", "add", f"{self._numbered(1)}/24", "dev", self._bridge)
        _ip("link", "set", self._bridge, "up")

    @property
    def dashboard_host(self) -> str:
        """The address of the head: its loopback is not ours."""
        return self.address(0)

    def address(self, number: int) -> str:
        """The address of a node."""
        return self._numbered(number + 2)

    def inside(self, number: int, command: Sequence[str]) -> list[str]:
        """The command in the namespace of the node."""
        if number not in self._made:
            self._made.add(number)
            self._make(number)
        return [_TOOL, "netns", "exec", self.name(number), *command]

    def name(self, number: int) -> str:
        """The name of the namespace of a node, and of its cable at the bridge."""
        return f"{self._bridge}-{number}"

    def remove(self) -> None:
        """Remove the namespaces and the bridge; the processes in them must have ended."""
        for number in sorted(self._made):
            # Named, for otherwise the system removes it with the namespace at a time of its own.
            _ip("link", "delete", self.name(number))
            _ip("netns", "delete", self.name(number))
        _ip("link", "delete", self._bridge)

    def _make(self, number: int) -> None:
        name = self.name(number)
        _ip("netns", "add", name)
        _ip("link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name)
        _ip("link", "set", name, "master", self._bridge, "up")
        _ip("-n", name, "link", "set", "lo", "up")
        _ip("-n", name, "addr", "add", f"{self.address(number)}/24", "dev", "eth0")
        _ip("-n", name, "link", "set", "eth0", "up")
        # Ray finds its own address by asking for the route to an address outside.
        _ip("-n", name, "route", "add", "default", "via", self._numbered(1))

    def _numbered(self, host: int) -> str:
        return f"{self._net}.{host}"


@contextmanager
def loopback() -> Iterator[Loopback]:
    """All nodes on loopback: for any user, and for one proxy, on the head."""
    yield Loopback(f"127.{randrange(256)}.{randrange(256)}")


@contextmanager
def namespaces() -> Iterator[Namespaces]:
    """Each node in a namespace, gone in the end; for who may make networks.

    Raises:
        DeployFailed: they cannot be made, with what the system says.
    """
    networks = Namespaces(randrange(256))
    try:
        yield networks
    finally:
        networks.remove()


def why_no_namespaces() -> str:
    """What keeps this process from making networks, in words of the system; empty where nothing does."""
    if shutil.which(_TOOL) is None:
        return f"there is no program {_TOOL} (iproute2)"
    try:
        _ip("link", "add", "sgprobe", "type", "bridge")
        _ip("link", "delete", "sgprobe")
        _ip("netns", "add", "sgprobe")
        _ip("netns", "delete", "sgprobe")
    except DeployFailed as error:
        return str(error)
    return ""


def _ip(*words: str) -> None:
    done = subprocess.run([_TOOL, *words], check=False, capture_output=True, text=True)  # noqa: S603
    if done.returncode:
        raise DeployFailed(((f"{_TOOL} {' '.join(words)}", done.stderr.strip()),))
