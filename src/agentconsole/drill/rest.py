"""The few questions that a drill asks over REST: log in, read all chats, read a chat's history, write a ticket down."""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from typing import TypeVar

import msgspec

from agentconsole.protocol import (
    ChatCard,
    DepartmentCard,
    Event,
    Login,
    NewTicket,
    Session,
    TicketDone,
    TicketPage,
)

from .link import Trouble

SECONDS = 10
PAGE = 200

T = TypeVar("T")

_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


async def login(base: str, name: str, password: str) -> Session:
    """A session for the staff socket. Raises Trouble."""
    body = msgspec.json.encode(Login(name, password, "drill"))
    return await _ask(base, "/api/sessions", "", body, Session)


async def all_chats(base: str, token: str) -> list[ChatCard]:
    """Every chat that the holder of the token may read. Raises Trouble."""
    chats: dict[int, ChatCard] = {}
    before = ""
    while page := await _ask(base, f"/api/chats?limit={PAGE}{before}", token, None, list[ChatCard]):
        chats.update({card.chat: card for card in page})
        before = f"&before={page[-1].chat}"
    return list(chats.values())


async def history(base: str, token: str, chat: int) -> list[Event]:
    """All events of a chat. Raises Trouble."""
    events: list[Event] = []
    while True:
        after = events[-1].seq if events else 0
        page = await _ask(
            base, f"/api/chats/{chat}/events?after={after}&limit={PAGE}", token, None, list[Event]
        )
        if not page:
            return events
        events += page


async def departments(base: str, token: str) -> dict[str, int]:
    """The ids of the departments by their short names. Raises Trouble."""
    cards = await _ask(base, "/api/departments", token, None, list[DepartmentCard])
    return {card.slug: card.id for card in cards}


async def new_ticket(base: str, token: str, wish: NewTicket) -> TicketDone:
    """Write a ticket down. Raises Trouble."""
    fields = {name: getattr(wish, name) for name in wish.__struct_fields__}
    return await _ask(base, "/api/tickets", token, msgspec.json.encode(fields), TicketDone)


async def count_tickets(base: str, token: str) -> int:
    """How many tickets are to be done. Raises Trouble."""
    return (await _ask(base, "/api/tickets?limit=1", token, None, TicketPage)).total


async def _ask(base: str, path: str, token: str, body: bytes | None, shape: type[T]) -> T:
    return await asyncio.to_thread(_ask_now, base, path, token, body, shape)


def _ask_now(base: str, path: str, token: str, body: bytes | None, shape: type[T]) -> T:
    request = urllib.request.Request(base + path, body, {"Content-Type": "application/json"})
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with _opener.open(request, timeout=SECONDS) as answer:
            return msgspec.json.decode(answer.read(), type=shape)
    except urllib.error.HTTPError as error:
        raise Trouble(
            f"The server answered {path} with {error.code}: {error.read().decode(errors='replace')}"
        ) from error
    except (OSError, msgspec.MsgspecError) as error:
        raise Trouble(f"The server did not answer {path} as it should ({error}).") from error
