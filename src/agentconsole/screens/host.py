"""What session and deeds need of the app that owns them: imports point down, so they know it by this alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

from rich.text import Text
from textual.theme import Theme

from agentconsole.actions import Actions
from agentconsole.client import Client
from agentconsole.keys import Action
from agentconsole.screens.main import MainScreen
from agentconsole.screens.signals import Signals
from agentconsole.store import Store
from agentconsole.views import Touched

if TYPE_CHECKING:
    from agentconsole.screens.session import Session


class Host(Protocol):
    """The app, as far as the screens may know it."""

    store: Store
    client: Client
    actions: Actions
    main: MainScreen
    signals: Signals
    session: Session
    table: Sequence[Action]
    clock: Callable[[], int]

    @property
    def theme(self) -> str:
        """The name of the theme in use."""
        ...

    @property
    def current_theme(self) -> Theme:
        """The theme in use."""
        ...

    def choose_theme(self, name: str) -> None:
        """Draw with another theme from now on."""
        ...

    def tell(self, sentence: str, ink: str = "") -> None:
        """Say something in the notice row."""
        ...

    def fits(self, action: Action) -> bool:
        """True if the action can be used in the place in view."""
        ...

    def looking(self) -> None:
        """The chat in front has been seen."""
        ...

    def changed(self, touched: set[Touched]) -> None:
        """The store has changed."""
        ...

    def changed_here(self, chat: int) -> None:
        """Something of mine shows in a chat before the server has answered."""
        ...

    def fetch_customer(self, again: bool = False) -> None:
        """Ask for the customer of the chat in front."""
        ...

    def redraw_terminal(self) -> None:
        """Write every cell again."""
        ...

    def leave(self) -> None:
        """Leave the console."""
        ...

    def exit(self, result: Any = None, *, message: Text | None = None) -> None:
        """End the app; the message stands on the terminal afterwards."""
        ...

    def suspend(self) -> AbstractContextManager[None]:
        """Lend the terminal to another program."""
        ...

    def copy_to_clipboard(self, text: str) -> None:
        """Ask the terminal to put a text into its clipboard."""
        ...

    def push_screen(self, screen: Any) -> Any:
        """Show a dialog that gives no answer."""
        ...

    async def push_screen_wait(self, screen: Any) -> Any:
        """Show a dialog and wait for its answer."""
        ...
