"""The server's address as a person writes it, put right."""

from __future__ import annotations

from urllib.parse import urlsplit

LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")


def server_url(text: str) -> str:
    """The server's base address as written by a person, put right (scheme added, no trailing slash).

    Raises ValueError with a sentence for what is no address.
    """
    text = text.strip()
    if "://" not in text:
        host = urlsplit(f"//{text}").hostname or ""
        text = f"{'http' if host in LOCAL_HOSTS else 'https'}://{text}"
    parts = urlsplit(text)
    try:
        port = parts.port
    except ValueError:
        raise ValueError(f"{text} has an impossible port; a port is a number up to 65535.") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"{text} is no address of a server. Write it like https://chat.example.org.")
    if parts.username or parts.password:
        raise ValueError("A name or password does not belong into the server's address.")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{f':{port}' if port else ''}{parts.path.rstrip('/')}"


def is_local(server: str) -> bool:
    """True for a server on this machine: no network and no proxy lies between."""
    return urlsplit(server).hostname in LOCAL_HOSTS


def in_the_clear(server: str) -> bool:
    """True if passwords and chats would cross a network unencrypted."""
    return urlsplit(server).scheme == "http" and not is_local(server)
