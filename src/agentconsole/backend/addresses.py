"""Where a request comes from: the peer, or what a trusted proxy says of it."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from functools import lru_cache

from .options import Options

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def joined(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Headers by lower-case name; one that stands there twice is the list of both, in order (RFC 9110, 5.3)."""
    found: dict[str, str] = {}
    for name, value in headers:
        name = name.lower()
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def client(peer: str, headers: Mapping[str, str], options: Options) -> str:
    """The client's address. ``headers`` are ``joined``; X-Forwarded-For counts only from a trusted proxy."""
    if not options.behind_proxy or not trusted(peer, options.trusted_proxies):
        return peer
    for hop in reversed(headers.get("x-forwarded-for", "").split(",")):
        found = _parsed(hop.strip())
        if found is None:
            break
        if not trusted(str(found), options.trusted_proxies):
            return str(found)
    return peer


def secure(peer: str, headers: Mapping[str, str], options: Options) -> bool:
    """Did the client come over TLS?"""
    if options.behind_proxy and trusted(peer, options.trusted_proxies):
        nearest = headers.get("x-forwarded-proto", "").rpartition(",")[2]
        return nearest.strip().lower() in ("https", "wss")
    return options.tls


def own_origin(origin: str, peer: str, headers: Mapping[str, str], options: Options) -> bool:
    """Is this Origin the server's own, as the browser knows it?"""
    if options.public_url and origin.lower() == options.public_url.lower().rstrip("/"):
        return True
    scheme = "https" if secure(peer, headers, options) else "http"
    return bool(headers.get("host")) and origin.lower() == f"{scheme}://{headers['host']}".lower()


@lru_cache(4096)
def bucket(address: str) -> str:
    """What limits count by: an IPv4 address, or the /64 of an IPv6 address."""
    found = _parsed(address)
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found or address)


def _parsed(written: str) -> Address | None:
    try:
        found = ipaddress.ip_address(written.strip("[]"))
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found


@lru_cache(4096)
def trusted(address: str, proxies: tuple[str, ...]) -> bool:
    """Is this one of the proxies, whose word counts?"""
    found = _parsed(address)
    networks = (ipaddress.ip_network(proxy, strict=False) for proxy in proxies)
    return found is not None and any(found in network for network in networks)
