"""The HTTP door: REST resources, the visitor's page and its files, and what operators watch."""

from __future__ import annotations

import asyncio
import logging
import math
import re
import secrets
import time
from collections.abc import Awaitable, Callable
from functools import cache, partial
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route as Path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agentconsole.protocol import MAX_FILE, Code, Side, encode
from agentconsole.text import attachment, log_value

from . import files, openapi
from .addresses import client, joined
from .auth import Auth, Held
from .desk import Desk
from .domain.life import Refusal
from .domain.policy import Actor
from .files import File
from .hub import Hub
from .mail.intake import Intake
from .options import Options
from .rest import ROUTES, Call, Download, House, Problem, Route, Upload
from .rest.calls import STATUS, NoQuery, converted, decoded, key
from .storage import letters, mails, webhooks
from .storage.database import Database

log = logging.getLogger("agentconsole.http")

Endpoint = Callable[[Request], Awaitable[Response]]

MAX_HEADERS = 16_384
MAX_BODY = 131_072
BODY_SECONDS = 30.0
UPLOAD_SECONDS = 300.0
UPLOADS = 4  # of one person at once
ALIVE_MS = 30_000
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
JSON = "application/json"
NOBODY = Actor(Side.visitor)
LASTS = "public, max-age=31536000, immutable"
GZIP = re.compile(r"\bgzip\b(?!\s*;\s*q=0(?:\.0*)?(?:\s|,|$))", re.IGNORECASE)

STRICT = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
SANDBOX = f"{STRICT}; sandbox"
DOCS = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
CHAT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:;"
    " media-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors {sites}"
)
SAMPLE = (
    "default-src 'none'; script-src 'self'; style-src 'self'; frame-src 'self'; img-src data:;"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
SECURE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Content-Security-Policy": STRICT,
}
HSTS = "max-age=31536000"


def build(database: Database, desk: Desk, hub: Hub, options: Options, auth: Auth, intake: Intake) -> ASGIApp:
    """The application that uvicorn serves beside the sockets."""
    house = House(database, desk, hub, auth, intake)

    async def health(request: Request) -> Response:
        return Response("ok\n", media_type="text/plain")

    async def ready(request: Request) -> Response:
        alive_at = int((await database.read(letters.settings)).get("alive_at", 0))
        if desk.clock() - alive_at > ALIVE_MS:
            raise Refusal(Code.busy, "Nothing could be written for a while.", 5_000)
        return Response("ok\n", media_type="text/plain")

    async def measure(request: Request) -> Response:
        from .metrics import KIND, figures  # two megabytes that a server without Prometheus need not hold

        outbox, calls = await database.read(lambda db: (mails.counts(db), webhooks.counts(db)))
        return Response(figures(desk, hub, auth, outbox, calls), headers={"Content-Type": KIND})

    app = Starlette(
        routes=[
            *(
                Path(path, _guarded(database, _by_method(house, options, routes)), methods=METHODS)
                for path, routes in _paths().items()
            ),
            *_pages(options),
            Path("/healthz", health),
            Path("/readyz", _guarded(database, ready)),
            Path("/metrics", measure),
        ],
        exception_handlers={HTTPException: _no_route, Exception: _failed},
    )
    app.router.redirect_slashes = False
    return _Secured(app, options)


# --- resources -----------------------------------------------------------------------------------------------------


def _paths() -> dict[str, dict[str, Route]]:
    """The routes by path and method: one address knows all its methods."""
    found: dict[str, dict[str, Route]] = {}
    for route in ROUTES:
        found.setdefault(route.path, {})[route.method] = route
    return found


def _by_method(house: House, options: Options, routes: dict[str, Route]) -> Endpoint:
    endpoints = {method: _resource(house, options, route) for method, route in routes.items()}

    async def endpoint(request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        if method not in endpoints:  # the route below may know it, but that one is about ids
            raise HTTPException(405, headers={"Allow": ", ".join(sorted(endpoints))})
        return await endpoints[method](request)

    return endpoint


def _resource(house: House, options: Options, route: Route) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        began = time.perf_counter()
        token = _bearer(request)
        actor, held = await _caller(house, route, token)
        call = Call(
            house=house,
            address=_address(request, options),
            token=token,
            actor=actor,
            held=held,
            keys=tuple(map(key, request.path_params.values())),
            query=converted(_query(request), route.query or NoQuery),
            body=await _body(house, actor, request, route.body) if route.body else None,
        )
        answer = await route.handler(call)
        took = 1_000 * (time.perf_counter() - began)
        log.debug("%s %s %d in %.1f ms", route.method, log_value(request.url.path), route.status, took)
        return _answer(route, answer)

    return endpoint


async def _caller(house: House, route: Route, token: str) -> tuple[Actor, Held | None]:
    if route.who == "staff":
        held = await house.auth.session(token)
        return held.actor, held
    if route.who == "visitor":
        return await house.auth.visitor(token), None
    return NOBODY, None


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _address(request: Request, options: Options) -> str:
    peer = request.client.host if request.client else "127.0.0.1"
    return client(peer, joined(request.headers.items()), options)


def _query(request: Request) -> dict[str, str]:
    found = request.query_params.multi_items()
    if len(found) != len({name for name, _ in found}):
        raise Refusal(Code.bad_frame, "A parameter of the query stands there twice.")
    return dict(found)


async def _body(house: House, actor: Actor, request: Request, shape: Any) -> Any:
    if request.headers.get("content-encoding", "identity") != "identity":
        raise HTTPException(415, "The body must not be compressed.")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if shape is Upload:
        return Upload(kind, await _uploaded(house, actor, request))
    if kind != JSON:
        raise HTTPException(415, "The body must be application/json.")
    return decoded(await _read(request, MAX_BODY, BODY_SECONDS), shape)


async def _uploaded(house: House, actor: Actor, request: Request) -> bytes:
    """A file's bytes. Raises Refusal slow_down: who uploads much at once leaves room for others."""
    try:
        if house.uploading.add(actor.id) > UPLOADS:
            text = f"You are uploading {UPLOADS} files already. Please send this one after them."
            raise Refusal(Code.slow_down, text, 5_000)
        async with house.uploads:
            return await _read(request, MAX_FILE, UPLOAD_SECONDS)
    finally:
        house.uploading.drop(actor.id)


async def _read(request: Request, limit: int, seconds: float) -> bytes:
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(seconds):
            async for part in request.stream():
                size += len(part)
                if size > limit:
                    raise HTTPException(413, f"A body may have up to {limit:,} bytes here.")
                parts.append(part)
    except TimeoutError:
        raise HTTPException(408, "The body took too long.") from None
    return b"".join(parts)


def _answer(route: Route, answer: Any) -> Response:
    if isinstance(answer, Download):
        headers = {"Content-Disposition": attachment(answer.name), "Content-Security-Policy": SANDBOX}
        return Response(answer.data, media_type=answer.type, headers=headers)
    if answer is None:
        return Response(status_code=route.status)
    return Response(encode(answer), route.status, media_type=JSON)


# --- refusals ------------------------------------------------------------------------------------------------------


def _guarded(database: Database, endpoint: Endpoint) -> Endpoint:
    async def guarded(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Refusal as refusal:
            return _refused(refusal)
        except database.failures as error:
            log.error("the database failed: %s", type(error).__name__)
            return _refused(
                Refusal(Code.busy, "The database does not answer just now. Please try again.", 2_000)
            )
        except ClientDisconnect:
            return Response(status_code=400)

    return guarded


def _refused(refusal: Refusal) -> Response:
    status = STATUS[refusal.code]
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    if refusal.retry_ms:
        headers["Retry-After"] = str(math.ceil(refusal.retry_ms / 1_000))
    return _problem(status, refusal.code, refusal.text, headers)


def _problem(status: int, code: Code, text: str, headers: dict[str, str] | None = None) -> Response:
    return Response(encode(Problem(code, text)), status, headers=headers, media_type=JSON)


async def _no_route(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    if error.status_code == 404:
        return _problem(404, Code.unknown, "There is no such page.", headers)
    if error.status_code == 405:
        return _problem(
            405, Code.invalid, f"This address does not know {log_value(request.method, 20)}.", headers
        )
    return _problem(error.status_code, Code.bad_frame, error.detail, {**headers, "Connection": "close"})


async def _failed(request: Request, error: Exception) -> Response:
    mark = secrets.token_hex(4)
    log.error("a request failed, mark %s: %s", mark, log_value(request.url.path), exc_info=error)
    return _problem(500, Code.busy, f"Something went wrong in the server (see its log, {mark}).")


# --- pages and files -----------------------------------------------------------------------------------------------


def _pages(options: Options) -> list[Path]:
    found, edition = files.load()
    chat = CHAT.format(sites=" ".join(("'self'", *options.frame_sites)) if options.frame_sites else "*")
    pages = [
        Path("/api/openapi.json", _file(_openapi)),
        Path("/api/docs", _file(_docs, DOCS)),
        Path("/static/api.css", _file(_docs_style)),
    ]
    for path, file in found.items():
        if path == "/chat":
            pages += [
                Path(path, _file(partial(_itself, file), chat, shared=True))
                for path in ("/chat", "/chat/{department}")
            ]
        elif path == "/static/widget/site.html":
            pages.append(Path(path, _file(partial(_itself, file), SAMPLE)))
        else:
            pages.append(Path(path, _file(partial(_itself, file), shared=True)))
            lasting = path.replace(files.WIDGET, f"{files.WIDGET}{{edition}}/")
            if lasting != path:
                pages.append(Path(lasting, _file(partial(_itself, file), shared=True, edition=edition)))
    return pages


def _itself(file: File) -> File:
    return file


@cache
def _openapi() -> File:
    return File(encode(openapi.document()), JSON)


@cache
def _docs() -> File:
    return File(openapi.page(openapi.document()).encode(), files.TYPES["html"])


@cache
def _docs_style() -> File:
    return File(openapi.STYLE.encode(), files.TYPES["css"])


def _file(
    made: Callable[[], File], policy: str = STRICT, shared: bool = False, edition: str = ""
) -> Endpoint:
    """Serves a file; ``made`` gives it when it is first asked for. At the address of its ``edition`` it lasts."""

    async def endpoint(request: Request) -> Response:
        file = made()
        lasts = bool(edition) and request.path_params["edition"] == edition
        headers = {
            "ETag": f"W/{file.tag}",
            "Cache-Control": LASTS if lasts else "no-cache",
            "Content-Security-Policy": policy,
            "Vary": "Accept-Encoding",
        }
        if shared:
            headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        tags = request.headers.get("if-none-match", "")
        if file.tag in [tag.strip().removeprefix("W/") for tag in tags.split(",")]:
            return Response(status_code=304, headers=headers)
        headers["Content-Type"] = file.kind
        if file.zipped and GZIP.search(request.headers.get("accept-encoding", "")):
            return Response(file.zipped, headers=headers | {"Content-Encoding": "gzip"})
        return Response(file.content, headers=headers)

    return endpoint


class _Secured:
    """Adds the headers that every answer has, whoever made it; too many of a request's own are refused."""

    def __init__(self, app: ASGIApp, options: Options) -> None:
        self._app = app
        self._headers = dict(SECURE)
        if options.tls or options.public_url.startswith("https://"):
            self._headers["Strict-Transport-Security"] = HSTS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        if scope["type"] == "http" and _size(scope) > MAX_HEADERS:
            text = f"The headers may have up to {MAX_HEADERS:,} bytes."
            await _problem(431, Code.bad_frame, text, {"Connection": "close"})(scope, receive, secured)
            return
        await self._app(scope, receive, secured)


def _size(scope: Scope) -> int:
    """The bytes of a request's address and headers."""
    return len(scope["raw_path"]) + sum(len(name) + len(value) + 4 for name, value in scope["headers"])
