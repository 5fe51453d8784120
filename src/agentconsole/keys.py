"""The table of actions: what a person can do, with which key, where; the one source of footer, palette, help and docs.

How the keys were chosen: a console is used through tmux, SSH and odd keyboards.

- Everything works without Ctrl and function keys: Escape leaves the composer, then single letters act.
- Everything needed while typing also has a function key F1-F9 (F10 to F12 belong to window managers) and
  mostly a Ctrl letter. Ctrl+S and Ctrl+Q stop and start the line on many links, Ctrl+C and Ctrl+Z belong to the
  shell's habits, Ctrl+B and Ctrl+A to tmux and screen, Ctrl+H, I, J, M and [ are Backspace, Tab, Enter, Enter and Escape,
  Ctrl+D, E, K, U, W, V, X, Y edit text: none of those carries an action of ours (Ctrl+J is a new line, as it always was).
- Alt chords are extras: some terminals send Escape first, some nothing.

Key names are Textual's (``ctrl+n``, ``f2``, ``question_mark``); this module needs no terminal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum


class Where(StrEnum):
    """Where an action's keys act. Actions of ``anywhere`` also act while the composer has the focus, except for their
    single printable keys, which then are text."""

    anywhere = "anywhere"
    queue = "queue"  # the queue's list
    chat = "chat"  # a chat is open; the composer may have the focus (printable keys only when it has not)
    composer = "composer"  # the composer has the focus
    left = "left"  # the list of left messages


@dataclass(frozen=True)
class Action:
    """One thing a person can do. ``id`` is the name in settings and in code, ``label`` two or three words for the
    footer, ``help`` one sentence for help, palette and docs; ``shown`` = in the footer, if there is room."""

    id: str
    keys: tuple[str, ...]
    label: str
    help: str
    where: Where = Where.anywhere
    shown: bool = False


ACTIONS: tuple[Action, ...] = (
    # anywhere
    Action("help", ("f1", "question_mark"), "Help", "Show all keys that work here.", shown=True),
    Action("queue", ("f2", "ctrl+o", "g"), "Queue", "Show who is waiting.", shown=True),
    Action(
        "next_needing",
        ("f3", "ctrl+n", "n"),
        "Next",
        "Go to the next chat that needs me: the longest unanswered first.",
        shown=True,
    ),
    Action(
        "take_next",
        ("f4", "ctrl+t", "t"),
        "Take next",
        "Answer the chat that has waited longest.",
        shown=True,
    ),
    Action(
        "previous_chat",
        ("f5", "ctrl+left", "left_square_bracket", "alt+left"),
        "Previous chat",
        "Go to the chat before this one.",
    ),
    Action(
        "next_chat",
        ("f6", "ctrl+right", "right_square_bracket", "alt+right"),
        "Next chat",
        "Go to the chat behind this one.",
    ),
    Action("chat_1", ("1", "alt+1"), "Chat 1", "Go to my first chat."),
    Action("chat_2", ("2", "alt+2"), "Chat 2", "Go to my second chat."),
    Action("chat_3", ("3", "alt+3"), "Chat 3", "Go to my third chat."),
    Action("chat_4", ("4", "alt+4"), "Chat 4", "Go to my fourth chat."),
    Action("chat_5", ("5", "alt+5"), "Chat 5", "Go to my fifth chat."),
    Action("chat_6", ("6", "alt+6"), "Chat 6", "Go to my sixth chat."),
    Action("chat_7", ("7", "alt+7"), "Chat 7", "Go to my seventh chat."),
    Action("chat_8", ("8", "alt+8"), "Chat 8", "Go to my eighth chat."),
    Action("chat_9", ("9", "alt+9"), "Chat 9", "Go to my ninth chat."),
    Action("status", ("s",), "Status", "Choose my status: online, break (with a reason) or offline."),
    Action("online", (), "Go online", "Set my status to online."),
    Action("break", ("b",), "Break", "Set my status to break; colleagues see the reason."),
    Action("offline", (), "Go offline", "Set my status to offline."),
    Action(
        "left_messages",
        ("l",),
        "Left messages",
        "Show the messages that visitors left while nobody could answer.",
    ),
    Action("theme", ("T",), "Theme", "Choose another theme; it is kept."),
    Action(
        "test_alerts",
        ("A",),
        "Test alerts",
        "Send one of each alert, to see which of them your terminal passes on.",
    ),
    Action("reconnect", ("R",), "Reconnect", "Try to reach the server now instead of waiting."),
    Action("redraw", ("ctrl+l",), "Redraw", "Draw the whole screen afresh."),
    Action("palette", ("ctrl+p", "colon"), "Commands", "Find any action by its name.", shown=True),
    Action("logout", (), "Log out", "End the session here, forget the token, and leave."),
    Action(
        "quit",
        ("Q",),
        "Quit",
        "Leave the console; chats stay mine, drafts and unsent lines are kept.",
        shown=True,
    ),
    # the queue
    Action("take", ("enter", "space"), "Take", "Answer the chat under the cursor.", Where.queue, shown=True),
    Action("peek", ("v",), "View", "Read the chat under the cursor without taking it.", Where.queue),
    # a chat
    Action("compose", ("i", "enter"), "Write", "Go to the composer.", Where.chat),
    Action(
        "leave_composer",
        ("escape",),
        "Keys",
        "Leave the composer: letters are keys then. The draft stays.",
        Where.composer,
        shown=True,
    ),
    Action(
        "note_mode",
        ("f8", "m"),
        "Note",
        "Write a private note instead of an answer, or back.",
        Where.chat,
        shown=True,
    ),
    Action(
        "close",
        ("f9", "c"),
        "Close",
        "End the chat with an outcome; it can be undone while the visitor is there.",
        Where.chat,
        shown=True,
    ),
    Action("reopen", ("u",), "Reopen", "Undo the close of this chat while the visitor is there.", Where.chat),
    Action("release", ("z",), "Release", "Put the chat back into its queue; it keeps its place.", Where.chat),
    Action(
        "customer",
        ("f7", "d"),
        "Customer",
        "Show or hide the customer's details: address, earlier chats, notes.",
        Where.chat,
        shown=True,
    ),
    Action("customer_note", ("N",), "Customer note", "Add a note to the customer's card.", Where.chat),
    Action(
        "canned",
        ("ctrl+r", "slash"),
        "Replies",
        "Choose a canned reply; in the composer '/' and the first letters complete it.",
        Where.chat,
        shown=True,
    ),
    Action(
        "save_canned", (), "Save reply", "Keep what stands in the composer as a canned reply.", Where.chat
    ),
    Action("search", ("ctrl+f", "f"), "Search", "Search in this transcript.", Where.chat),
    Action(
        "search_next",
        ("ctrl+g", "greater_than_sign"),
        "Next hit",
        "Go to the next hit of the search.",
        Where.chat,
    ),
    Action("search_previous", ("less_than_sign",), "Previous hit", "Go to the hit before.", Where.chat),
    Action("older", ("o",), "Older", "Fetch older lines of this chat.", Where.chat),
    Action("scroll_up", ("pageup", "k"), "Page up", "Scroll the transcript back.", Where.chat),
    Action("scroll_down", ("pagedown", "j"), "Page down", "Scroll the transcript on.", Where.chat),
    Action("newest", ("end", "G"), "Newest", "Go to the newest line.", Where.chat),
    Action(
        "copy",
        ("y",),
        "Copy",
        "Copy the newest line of the visitor, or the selection, to the clipboard.",
        Where.chat,
    ),
    Action("retry", ("r",), "Send again", "Send my refused line again.", Where.chat),
    Action("edit_failed", ("e",), "Edit refused", "Take my refused line back into the composer.", Where.chat),
    Action("shut", ("x",), "Put away", "Put away a chat that is over, or that I only view.", Where.chat),
    # the composer
    Action(
        "send",
        ("enter",),
        "Send",
        "Send what stands in the composer to the one named at the prompt.",
        Where.composer,
        shown=True,
    ),
    Action(
        "newline", ("ctrl+j", "alt+enter", "shift+enter"), "New line", "Begin a new line.", Where.composer
    ),
    Action(
        "complete",
        ("tab",),
        "Complete",
        "Complete the canned reply, or go to its next field.",
        Where.composer,
    ),
    Action(
        "history_back",
        ("up",),
        "Earlier text",
        "In the first row: take an earlier text of mine.",
        Where.composer,
    ),
    Action(
        "history_on",
        ("down",),
        "Later text",
        "In the last row: come back to a later text of mine.",
        Where.composer,
    ),
    Action("editor", ("alt+e",), "Editor", "Edit the text in $EDITOR.", Where.composer),
    # left messages
    Action(
        "handled",
        ("enter", "h"),
        "Handled",
        "Mark the message as handled by me, or as open again.",
        Where.left,
        shown=True,
    ),
)


class KeyClash(ValueError):
    """A remapping cannot be used; the message says which and what to do."""


def action(id: str, table: tuple[Action, ...] = ACTIONS) -> Action:
    """The action with this id. Raises KeyError."""
    raise NotImplementedError


def at(where: Where, table: tuple[Action, ...] = ACTIONS) -> list[Action]:
    """The actions that can be used there: its own and those of anywhere, in the table's order."""
    raise NotImplementedError


def remapped(
    changes: Mapping[str, tuple[str, ...]], table: tuple[Action, ...] = ACTIONS
) -> tuple[Action, ...]:
    """The table with other keys for some actions (an empty tuple = no key). Raises KeyClash."""
    raise NotImplementedError


def spoken(key: str) -> str:
    """A key's name as people read it: 'ctrl+n' is 'Ctrl+N', 'question_mark' is '?'."""
    raise NotImplementedError


def as_markdown(table: tuple[Action, ...] = ACTIONS) -> str:
    """The text of docs/keys.md."""
    raise NotImplementedError


__all__ = [
    "ACTIONS",
    "Action",
    "KeyClash",
    "Where",
    "action",
    "as_markdown",
    "at",
    "remapped",
    "replace",
    "spoken",
]
