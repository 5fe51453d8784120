"""Questions to the server over REST, one by one: login and logout, and whatever else is asked."""

from __future__ import annotations

import asyncio
import os
import re
import ssl
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import msgspec

from agentconsole import __version__
from agentconsole.addresses import in_the_clear, is_local
from agentconsole.protocol import Code, Login, Session, encode
from agentconsole.text import clean

if TYPE_CHECKING:
    from collections.abc import Coroutine

    import httpx

T = TypeVar("T")

REQUEST_SECONDS = 15
_IN_THE_CLEAR = "{server} would get your password over the network unencrypted. Write https:// instead."


class Problem(Exception):
    """A request failed; the message is a sentence for a person. ``code`` is the server's, or 'unreachable'."""

    def __init__(self, code: str, text: str, retry_s: int = 0) -> None:
        super().__init__(text)
        self.code = code
        self.retry_s = retry_s


async def login(server: str, name: str, password: str, label: str = "") -> Session:
    """Exchange a password for a revocable token, never unencrypted over a network. Raises Problem (code 'login',
    'slow_down', 'unreachable' ...)."""
    if in_the_clear(server):
        raise Problem("usage", _IN_THE_CLEAR.format(server=server))
    body = encode(Login(name, password, label))
    return parsed(await Http(server).ask("POST", "/api/sessions", content=body), Session)


async def logout(server: str, token: str) -> None:
    """Revoke the token. Raises Problem; a token that has ended already is fine."""
    try:
        await Http(server, token).ask("DELETE", "/api/sessions/current")
    except Problem as problem:
        if problem.code not in (Code.login, Code.unknown):
            raise


class Asks(Protocol):
    """Whoever asks a server, as `Http` and `agentconsole.client.Client` do."""

    async def ask(
        self, method: str, path: str, *, content: bytes | None = None, params: Any = None, kind: str = ""
    ) -> bytes:
        """The answer's body. Raises Problem."""
        ...


class Http:
    """Questions to one server. Nothing is loaded before the first, and no connection is kept between two."""

    def __init__(self, server: str, token: str = "") -> None:
        self.server = server
        self.headers = {"User-Agent": f"agentconsole/{__version__}", "Content-Type": "application/json"}
        if token:
            self.headers["Authorization"] = f"Bearer {token}"
        self._http: httpx.AsyncClient | None = None

    async def ask(
        self, method: str, path: str, *, content: bytes | None = None, params: Any = None, kind: str = ""
    ) -> bytes:
        """The answer's body; ``kind`` is the content's media type ('' = JSON). Raises Problem."""
        try:
            if self._http is None:
                self._http = await asyncio.to_thread(self._load)
            http = self._http
        except (ImportError, ValueError) as error:  # a proxy of the environment that cannot be used
            raise self._unreachable(error) from error
        import httpx

        try:
            headers = {"Content-Type": kind} if kind else None
            url = self.server + path
            answer = await _to_its_end(
                http.request(method, url, content=content, params=params, headers=headers)
            )
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            raise self._unreachable(error) from error
        if not answer.is_success:
            raise _problem(self.server, answer)
        return answer.content

    def _load(self) -> httpx.AsyncClient:
        """In a thread: loading the library and the certificates takes a fifth of a second that keys cannot wait for."""
        import httpx

        return httpx.AsyncClient(
            headers=self.headers,
            timeout=REQUEST_SECONDS,
            limits=httpx.Limits(max_keepalive_connections=0),
            trust_env=not is_local(self.server),
            verify=trusted() if speaks_tls(self.server) else True,
        )

    def _unreachable(self, error: Exception) -> Problem:
        return Problem("unreachable", f"{self.server} cannot be reached: {reason(error)}.")


async def _to_its_end(request: Coroutine[Any, Any, T]) -> T:
    """What came of it. If nobody waits any more it goes on alone: cut off while it connects, it would leave a socket open."""
    task = asyncio.ensure_future(request)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
        raise


class _Refusal(msgspec.Struct):
    code: str
    text: str


def _problem(server: str, answer: httpx.Response) -> Problem:
    retry = answer.headers.get("Retry-After", "")
    try:
        refusal = msgspec.json.decode(answer.content, type=_Refusal)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        text = (
            f"{server} answered {answer.status_code}, which is no answer of agentconsole. Check the address."
        )
        refusal = _Refusal("unreachable", text)
    return Problem(refusal.code, refusal.text, int(retry) if retry.isdecimal() else 0)


def parsed(content: bytes, shape: type[T]) -> T:
    """The answer as this shape. Raises Problem."""
    try:
        return msgspec.json.decode(content, type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        text = "The server's answer cannot be read; is it the same version?"
        raise Problem("unreachable", text) from error


_NOT_TRUSTED = (
    "its certificate is not trusted ({why}). If your desk made it itself, name the file of its authority in "
    "SSL_CERT_FILE; if not, somebody may be listening: do not log in, and ask your administrator"
)
_NO_FILE = "SSL_CERT_FILE names {file}, which cannot be read, and so no certificate is trusted"
_ERRNO = re.compile(r"\[Errno -?\d+\] ")
_NO_NAME = "no computer can have this name; look for a typing error in it"
_NO_TLS = "it does not speak TLS; perhaps its address begins with http:// instead"


def speaks_tls(server: str) -> bool:
    """Is this the address of a server with a certificate?"""
    return server.startswith("https:")


def trusted() -> ssl.SSLContext:
    """Whose certificates are believed, at both doors alike: this machine's authorities, or those of SSL_CERT_FILE and
    SSL_CERT_DIR; where the machine has none, those of the certifi package."""
    context = ssl.create_default_context()
    own = os.environ.get("SSL_CERT_FILE") or os.environ.get("SSL_CERT_DIR")
    if not own and not context.cert_store_stats()["x509_ca"]:
        import certifi

        context.load_verify_locations(certifi.where())
    return context


def reason(error: BaseException) -> str:
    """Why there is no connection, in words for a person, without a full stop."""
    cause: BaseException | None = error
    words = ""
    while cause:
        if isinstance(cause, ssl.SSLCertVerificationError):
            own = os.environ.get("SSL_CERT_FILE", "")
            if own and not os.access(own, os.R_OK):
                return _NO_FILE.format(file=clean(own))
            return _NOT_TRUSTED.format(why=cause.verify_message)
        if isinstance(cause, UnicodeError):
            return _NO_NAME
        if isinstance(cause, ssl.SSLError) and cause.reason in (
            "WRONG_VERSION_NUMBER",
            "RECORD_LAYER_FAILURE",
        ):
            return _NO_TLS
        if isinstance(cause, OSError) and not isinstance(cause, ssl.SSLError) and (cause.errno or 0) > 0:
            words = words or os.strerror(cause.errno or 0)
        cause = cause.__cause__ or cause.__context__
    return words or _ERRNO.sub("", str(error)).strip().rstrip(".") or type(error).__name__
