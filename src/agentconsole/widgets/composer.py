"""The composer: several lines, a prompt that names who will read it, history, and replies completed after '/'."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from rich.control import Control
from textual import events
from textual._text_area_theme import TextAreaTheme
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.document._document import Document
from textual.geometry import NULL_REGION, Region, Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import TextArea

from agentconsole import text
from agentconsole.canned import Edit, Span
from agentconsole.widgets.paint import Cell
from agentconsole.widgets.words import Words

MAX_ROWS = 6
PASTE_ROWS = 12
NAME_CELLS = 20
# Keys of the text area that the console needs for itself.
_GIVEN_UP = frozenset({"pageup", "pagedown", "ctrl+f", "f6", "f7"})


# Keys that change the text or move in it, with the text area's own actions for them.
_EDITS = {
    "backspace": "delete_left",
    "delete": "delete_right",
    "left": "cursor_left",
    "right": "cursor_right",
}


def _own_bindings() -> list[BindingType]:
    kept: list[BindingType] = []
    for binding in TextArea.BINDINGS:
        assert isinstance(binding, Binding)
        keys = [key for key in binding.key.split(",") if key not in _GIVEN_UP]
        if keys:
            kept.append(Binding(",".join(keys), binding.action, binding.description, show=False))
    return kept


class Field(TextArea, inherit_bindings=False):
    """The text itself; keys of the table of actions come before those of the text area."""

    BINDINGS: ClassVar[list[BindingType]] = _own_bindings()

    class Did(Message):
        """A key of the composer's actions was pressed; ``action`` is its id."""

        def __init__(self, action: str) -> None:
            super().__init__()
            self.action = action

    class ManyLines(Message):
        """Many lines were pasted; they wait for a yes."""

        def __init__(self, pasted: str) -> None:
            super().__init__()
            self.pasted = pasted

    def __init__(self, keys: Mapping[str, str]) -> None:
        super().__init__(
            soft_wrap=True, show_line_numbers=False, compact=True, tab_behavior="focus", id="field"
        )
        self.keys = keys
        self._inked: TextAreaTheme | None = None
        self.most_rows = MAX_ROWS
        self.cursor_blink = False
        self.highlight_cursor_line = False
        self.match_cursor_bracket = False
        self.disable_messages(TextArea.SelectionChanged)  # nobody listens, and it would go up to the app

    def take(self, event: events.Key) -> bool:
        """Do at once what a key does to the text and nothing else, and paint it; False if the key means more."""
        if event.key in self.keys or not self.is_attached:
            return False
        with self._context():
            if event.is_printable and event.character:
                self._replace_via_keyboard(event.character, *self.selection)
            elif event.key in _EDITS:
                getattr(self, f"action_{_EDITS[event.key]}")()
            else:
                return False
            self._paint()
        return True

    def _paint(self) -> None:
        """Paint the text ahead of everything else, where it stands on the screen.

        Textual paints it a few tasks later, with every widget that shares a parent with it and with all that has come
        in meanwhile; that changes nothing then. Where rows must move for the text, its painting is the first.
        """
        screen, driver = self.screen, self.app._driver
        region, clip = screen._compositor.visible_widgets.get(self, (NULL_REGION, NULL_REGION))
        if driver is None or self._layout_required or not region or not clip.contains_region(region):
            return
        if not screen.is_current or self.app._batch_count:
            return
        rows = self.render_lines(Region(0, 0, *region.size))
        draw, console = Control.move_to, self.app.console
        driver.write(
            "".join(
                f"{draw(region.x, y).segment.text}{strip.render(console)}"
                for y, strip in enumerate(rows, region.y)
            )
        )

    async def _on_key(self, event: events.Key) -> None:
        """Keys of the table; the text area's own handler gets the others after this one."""
        action = self.keys.get(event.key)
        if action is None or not self._applies(action):
            return
        event.stop()
        event.prevent_default()
        if action == "newline":
            self.insert("\n")
        else:
            self.post_message(self.Did(action))

    def _applies(self, action: str) -> bool:
        """History only leaves the text at its edges."""
        if action == "history_back":
            return self.cursor_at_first_line
        if action == "history_on":
            return self.cursor_at_last_line
        return True

    async def _on_paste(self, event: events.Paste) -> None:
        """Many lines wait for a yes; the text area's own handler gets the others after this one."""
        rows = event.text.count("\n") + 1
        if rows >= PASTE_ROWS:
            event.stop()
            event.prevent_default()
            self.post_message(self.ManyLines(event.text))

    def notify_style_update(self) -> None:
        """Theme, focus or classes changed."""
        super().notify_style_update()
        self._inked = None

    def render_lines(self, crop: Region) -> list[Strip]:
        """The rows; the text area would look its styles up for each of its paintings, most of what they cost."""
        if self._inked is not self._theme:
            self._theme.apply_css(self)
            self._inked = self._theme
        return super(TextArea, self).render_lines(crop)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As high as the text, up to the most rows."""
        return max(1, min(self.most_rows, viewport.height // 3, self.wrapped_document.height))


class Composer(Widget):
    """A prompt that names the reader, and beside it the text."""

    DEFAULT_CSS = """
    Composer { height: auto; max-height: 8; background: $surface; }
    Composer Horizontal { height: auto; }
    Composer #prompt { width: auto; background: $surface; }
    Composer Field { height: auto; width: 1fr; padding: 0; background: $surface; border: none; }
    Composer.-note { border: round $warning; background: $note-background; }
    Composer.-note #prompt, Composer.-note Field { background: $note-background; }
    """

    class Changed(Message):
        """The text is another one now, by the person's hand."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self, keys: Mapping[str, str], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.field = Field(keys)
        self.prompt = Words(id="prompt")
        self.note = False
        self._history: Sequence[str] = ()
        self._back = 0
        self._unsent = ""
        self._loaded = ""

    def compose(self) -> ComposeResult:
        """Prompt and text in one row."""
        with Horizontal():
            yield self.prompt
            yield self.field

    @property
    def text(self) -> str:
        """What stands in the composer."""
        return self.field.text

    def address(self, name: str, note: bool, typing: bool, narrow: bool) -> None:
        """Say who will read it: the visitor by name, or staff only; ``typing`` = letters go into the text."""
        self.note = note
        self.set_class(note, "-note")
        if note:
            cells: list[Cell] = [("NOTE ▸ " if narrow else "NOTE – staff only ▸ ", "note")]
        else:
            who = text.cut(text.clean(name), 8 if narrow else NAME_CELLS)
            cells = [(f"{who} ▸ " if narrow else f"to {who} ▸ ", "accent" if typing else "dim")]
        self.prompt.show(cells)

    def load(self, words: str, history: Sequence[str]) -> None:
        """Put another draft in, with the history that goes with it."""
        self._history, self._back, self._unsent = history, 0, ""
        self.put(words)
        self.field.history.clear()

    def put(self, words: str) -> None:
        """Replace the text; the cursor goes to its end."""
        self._loaded = words
        if words != self.field.text:
            self.field.load_text(words)
        self.field.move_cursor(self.field.document.end)

    def edit(self, edit: Edit) -> None:
        """Replace the text and select a stretch of it."""
        self.field.replace(edit.text, self.field.document.start, self.field.document.end)
        self.mark(edit.selection)

    def mark(self, span: Span) -> None:
        """Select a stretch of the text."""
        place = self._document.get_location_from_index
        self.field.move_cursor(place(span.start))
        self.field.move_cursor(place(span.end), select=True)

    @property
    def _document(self) -> Document:
        """The text as the text area keeps it: a plain document, for it has no language."""
        document = self.field.document
        assert isinstance(document, Document)
        return document

    @property
    def cursor(self) -> int:
        """Where the cursor stands, in characters."""
        return self._document.get_index_from_location(self.field.cursor_location)

    def step_history(self, step: int) -> None:
        """An earlier (-1) or later (1) text of mine; behind the latest comes back what was being written."""
        back = self._back - step
        if not 0 <= back <= len(self._history):
            return
        if self._back == 0:
            self._unsent = self.field.text
        self._back = back
        self.put(self._history[-back] if back else self._unsent)
        self.post_message(self.Changed(self.field.text))

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Pass on what the person did to the text."""
        event.stop()
        if self.field.text != self._loaded:
            self._loaded = self.field.text
            self.post_message(self.Changed(self.field.text))
