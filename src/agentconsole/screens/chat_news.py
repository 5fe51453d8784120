"""What stands at the head of a chat, and what must be known about it just now."""

from __future__ import annotations

from agentconsole import narrate, text
from agentconsole.handover import note_of, origin, seconds_left, whom
from agentconsole.offers import Offer, Offered
from agentconsole.protocol import OPEN_STATES, ChatCard, Role, State
from agentconsole.store import Store
from agentconsole.widgets.paint import Cell


def head(store: Store, card: ChatCard, now: int, width: int) -> tuple[list[Cell], list[Cell]]:
    """Both ends of the row at the top: the visitor and who is with them; calls and offers. ``now`` is the server's clock.

    A name takes a third of the ``width`` at most: whether the visitor is there is worth more than all of it.
    """
    there = narrate.presence(card, now)
    left: list[Cell] = [
        (f" {text.cut(text.clean(narrate.name(card.name)), max(12, width // 3))}", "strong"),
        ("  ● " if not card.lost_at else "  ○ ", "good" if not card.lost_at else "bad"),
        (there, "bad" if card.lost_at else "good"),
        (f"  {store.department_name(card.department)}", "dim"),
    ]
    if people := _people(store, card):
        left.append((f"  with {people}", "accent"))
    if learners := store.watching.learners.get(card.chat):
        verb = "watches" if len(learners) == 1 else "watch"
        left.append((f"  {' and '.join(learners)} {verb} to learn", "warn"))
    if card.drill:
        left.append(("  drill", "dim"))
    if page := narrate.page(card):
        left.append((f"  on {page}", "dim"))
    right: list[Cell] = []
    if card.help_at:
        right.append((f"H help called {narrate.duration(now - card.help_at)} ", "bad"))
    if card.offer_until and not (store.me and card.offer_to == store.me.user):
        right.append((f"→ {whom(card, store.departments)} {seconds_left(card.offer_until, now)} ", "warn"))
    elif card.priority:
        right.append((f"priority {card.priority:+} ", "dim"))
    return left, right


def _people(store: Store, card: ChatCard) -> str:
    """Who else of staff is in the chat."""
    me = store.me.user if store.me else 0
    owner = [card.owner_name] if card.owner and card.owner != me else []
    return ", ".join([*owner, *(guest.name for guest in card.guests if guest.id != me)])


def news(store: Store, chat: int, now: int, gone_to: str, may_note: bool) -> list[Cell]:
    """What must be known about a chat; ``gone_to`` who has it while my unsent answer still stands here ('' = it does not).

    ``now`` is the server's clock.
    """
    card = store.chats.get(chat)
    refused = [line for line in store.pending(chat) if line.why] if chat else []
    if refused:
        return [
            ("! Not sent: ", "bad"),
            (refused[0].why, ""),
            ("  Esc r sends it again, Esc e edits it", "dim"),
        ]
    if gone_to:
        return [
            (f"! This chat went to {gone_to}. ", "bad"),
            ("What stands here was not sent and is kept.  ", ""),
            (f"{'Esc m writes a note, ' if may_note else ''}Esc x throws it away", "dim"),
        ]
    if card is None:
        return [("✓ This chat is over. ", "strong"), ("x puts it away", "dim")] if chat else []
    if card.state is State.wrapup:
        left = max(0, card.due_at - now) // 1000
        outcome = f" as {narrate.OUTCOMES[card.outcome]}" if card.outcome else ""
        talk = store.talks.get(chat)
        again = "The visitor has left, " if talk and talk.deserted else "Esc u reopens it, "
        return [
            (f"✓ Closed{outcome}. ", "strong"),
            (f"Wrap-up ends in {left} s.  {again}Esc x ends it now", "dim"),
        ]
    if card.state not in OPEN_STATES:
        return [
            ("✓ This chat is over. ", "strong"),
            ("x puts it away, n goes to the next that needs you", "dim"),
        ]
    if offer := next((row for row in store.offers() if row.card.chat == chat), None):
        return _offered(store, offer, now)
    if card.offer_until and card.owner:
        return _offering(store, card, now)
    return _part(store, card, may_note)


def _offering(store: Store, card: ChatCard, now: int) -> list[Cell]:
    """An offer to somebody else."""
    mine = store.is_mine(card.chat)
    cells: list[Cell] = [
        (f"→ Offered to {whom(card, store.departments)}, {seconds_left(card.offer_until, now)}. ", "warn")
    ]
    if mine:
        cells.append(("It stays yours until somebody takes it.  ", "dim"))
    if mine or store.has_role(card.department, Role.supervisor):
        cells.append((f"{'Esc ' if mine else ''}H takes it back", "dim"))
    return cells


def _part(store: Store, card: ChatCard, may_note: bool) -> list[Cell]:
    """What part I have in a running or waiting chat that is not mine."""
    if store.is_mine(card.chat):
        return []
    if store.takes_part(card.chat):
        return [
            ("+ You joined this chat. ", "strong"),
            (f"{card.owner_name or 'Nobody'} stays responsible.  Esc L leaves it", "dim"),
        ]
    if store.looks_on(card.chat):
        return _looking_on(store, card)
    who = f"{card.owner_name} answers" if card.owner_name else "nobody answers yet"
    key = "J joins it" if card.owner else "a takes it" if store.answers() else ""
    keys = [each for each in (key, "i writes a note" if may_note else "") if each]
    return [
        ("= You only view this chat: ", "strong"),
        (f"{who}; {', '.join(keys)}" if keys else who, "dim"),
    ]


def _looking_on(store: Store, card: ChatCard) -> list[Cell]:
    """Whether anybody knows that I watch."""
    agent = card.owner_name or "nobody yet"
    if not store.observes(card.department):
        return [(f"◉ You watch to learn, and {agent} sees it. ", "warn"), ("@ writes to staff", "dim")]
    leads = store.has_role(card.department, Role.supervisor)
    keys = [
        *([", whisper", "J join", "O take over"] if leads and card.owner else []),
        *(["+ feedback"] if card.owner else []),
    ]
    return [("◉ You watch silently, unnoticed.  ", "strong"), ("  ".join(keys), "dim")]


def _offered(store: Store, row: Offered, now: int) -> list[Cell]:
    """Who wants me to have this chat, or to join it, for how long still, and with which words."""
    words = origin(row, store.team, store.departments)
    left = f", {seconds_left(row.until, now)}" if row.until else ""
    talk = store.talks.get(row.card.chat)
    note = note_of(talk.events) if talk and row.kind is not Offer.invited else ""
    return [
        (f"⇒ {words}{left}. ", "warn"),
        ("a takes it, D declines. " if row.kind is not Offer.invited else "a joins, D declines. ", "dim"),
        (f"Note: {note}" if note else "", "note"),
    ]
