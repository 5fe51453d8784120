"""The login dialog: it asks for a password once, says what went wrong, and loses nothing behind it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from agentconsole.widgets.words import Words, hints

Try = Callable[[str, str, str], Awaitable[str]]


class LoginDialog(ModalScreen[bool]):
    """Server, name, password. ``attempt(server, name, password)`` answers '' when it worked, else a sentence.

    True when logged in; False when the person would rather leave.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(False)", "Leave", show=False)]

    def __init__(self, attempt: Try, server: str, name: str, why: str = "", again: bool = False) -> None:
        """``again``: only the password is asked for; what is kept here belongs to this person."""
        super().__init__()
        self.again = again
        self.attempt = attempt
        self.server = server
        self.user = name
        self.why = why

    def compose(self) -> ComposeResult:
        """Three fields and a sentence."""
        with Vertical(classes="dialog"):
            yield Words([("Log in", "strong")], classes="dialog-title")
            for label, value, id in (("server", self.server, "server"), ("name", self.user, "name")):
                with Horizontal(classes="field"):
                    yield Words([(f"{label:9}", "dim")])
                    yield Input(value, compact=True, id=id)
            with Horizontal(classes="field"):
                yield Words([("password ", "dim")])
                yield Input(password=True, compact=True, id="password")
            yield Words([(self.why, "warn")], id="why")
            yield Words(hints(("Enter", "log in"), ("Tab", "next"), ("Esc", "leave")))

    def on_mount(self) -> None:
        """Begin at the first empty field."""
        for field in self.query(Input):
            field.cursor_blink = False
            field.disabled = self.again and not field.password
        next(
            (field for field in self.query(Input) if not field.value), self.query_one("#password", Input)
        ).focus()

    @on(Input.Submitted)
    def enter(self, event: Input.Submitted) -> None:
        """Go to the next empty field, or try."""
        empty = next((field for field in self.query(Input) if not field.value), None)
        if empty is not None:
            empty.focus()
        else:
            self.run_worker(self._try(), exclusive=True)

    async def _try(self) -> None:
        server, name, password = (
            self.query_one(f"#{id}", Input).value for id in ("server", "name", "password")
        )
        why = self.query_one("#why", Words)
        why.show([("trying …", "dim")])
        sentence = await self.attempt(server.strip(), name.strip(), password)
        if not sentence:
            self.dismiss(True)
            return
        why.show([(sentence, "warn")])
        field = self.query_one("#password", Input)
        field.value = ""
        field.focus()
