"""The dialog that hands a chat over: to whom, with which note, and what will happen, all in view before the yes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from agentconsole import narrate
from agentconsole.handover import AWAY, Chain, Target, Wish, chain, fitting, nearest, targets, ways
from agentconsole.protocol import Away, DepartmentCard
from agentconsole.store import Store
from agentconsole.widgets.composer import Composer, Field
from agentconsole.widgets.paint import Cell, column, widest
from agentconsole.widgets.rows import Rows
from agentconsole.widgets.words import Words, hints

TICK_S = 1.0
SLIP_MS = 1_000  # so long after the steps have changed by themselves, Enter may still have been meant for those before
NO_NOTE = "{} wants a note for whoever comes next: write what they should know."
CHANGED = "This has changed just now. Enter once more does what stands here:"
NOT_SENT = "Nothing was sent. Choose somebody else{}."
Answer = Callable[[str], None]


class Targets(Rows[Target], can_focus=False):
    """Departments and agents under their headings; the cursor moves while words are typed."""

    LIT = True

    def measure(self, items: Sequence[Target]) -> tuple[int, ...]:
        """The cells of the names, of the loads, and of how they stand."""
        found = [item for item in items if item.user or item.department]
        names, loads = widest(item.name for item in found), widest(item.load for item in found)
        return names, loads, widest(item.state for item in found)

    def key_of(self, item: Target) -> str | None:
        """Agent and department; a heading has none."""
        return f"{item.user}-{item.department}" if item.user or item.department else None

    def draw(self, item: Target, line: int, width: int) -> Iterable[Cell]:
        """Sign, name, load, how they stand, what they do: as many columns as fit."""
        if not (item.user or item.department):
            return [(f" {item.name} ", "head"), ("─" * max(0, width - len(item.name) - 3), "rule")]
        wide = width >= 60
        names, loads, states = self.widths
        load = min(loads, 13) if wide else 5 if item.user else 11
        return [
            (" ● " if item.free else " ○ ", "good" if item.free else "warn"),
            (column(item.name, min(names, 20) if wide else 13) + "  ", "strong"),
            (column(item.load, load) + "  ", "dim" if item.free else "warn"),
            (column(item.state, min(states, 26)) if wide else item.state, "" if item.free else "warn"),
            (f"  {item.about}".replace("\n", " ") if wide else "", "dim"),
        ]


class TransferDialog(ModalScreen[Wish | None]):
    """Asks to whom a chat goes, and offers it; stays with all that was typed as long as the server refuses.

    ``offer(wish, answer)`` sends it; ``answer`` is called with '' or with the sentence of the refusal. The dialog
    returns the wish that came true, or None; ``kept`` is then what was wished, to go on with it later.
    """

    VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-high"), (34, "-roomy")]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", show=False),
        Binding("up", "move(-1)", "Up", show=False),
        Binding("down", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("f2", "away", "If away", show=False),
        Binding("f3", "force", "At once", show=False),
        Binding("f4", "within", "Ask first", show=False),
    ]

    def __init__(
        self,
        store: Store,
        clock: Callable[[], int],
        chat: int,
        offer: Callable[[Wish, Answer], None],
        *,
        keys: Mapping[str, str],
        may_force: bool = False,
        wish: Wish | None = None,
    ) -> None:
        """``keys`` are those of the composer by the ids of its actions; ``wish`` is to go on with."""
        super().__init__()
        self.store = store
        self.clock = clock
        self.chat = chat
        self.card = store.chats[chat]
        self.offer = offer
        self.may_force = may_force
        self.kept = wish or Wish()
        self.within = 0
        self.refusal = ""
        self.remark = ""  # of the refusals the last one that is the dialog's own
        self.sending = False
        self.put_away = False
        self.told = Chain("", "")  # as it stands on the screen
        self.slipped_at = 0  # when it changed by itself
        self.find = Input(placeholder="type a name or a department", compact=True, id="find")
        self.rows = Targets(id="targets")
        self.guide = Words(id="guide")
        self.note = Composer(keys, id="handover-note")
        self.choices = Words(id="choices")
        self.steps = Words(id="chain")
        self.hints = Words(id="transfer-keys")

    def compose(self) -> ComposeResult:
        """Who, the guide of the one under the cursor, the note, the steps, the keys."""
        with Vertical(classes="dialog -tall"):
            yield Words([(f"Hand over the chat with {self.visitor}", "strong")], classes="dialog-title")
            with Horizontal(classes="field"):
                yield Words([("to ", "dim")])
                yield self.find
            yield self.rows
            yield self.guide
            yield self.note
            yield self.choices
            yield self.steps
            yield self.hints

    def on_mount(self) -> None:
        """Begin with whom."""
        self.find.cursor_blink = False
        self.find.focus()
        self.note.put(self.kept.note)
        self.redraw()
        if not self.rows.select(f"{self.kept.user}-{self.kept.department}"):
            self.rows.action_edge(-1)
        self.set_interval(TICK_S, self.follow)

    @property
    def visitor(self) -> str:
        """Whose chat it is."""
        return narrate.name(self.card.name) if self.card.name.strip() else "this visitor"

    @property
    def wish(self) -> Wish:
        """What stands in the dialog."""
        target = self.rows.selected_item or Target()
        return replace(self.kept, user=target.user, department=target.department, note=self.note.text)

    # --- drawing ---

    def follow(self) -> None:
        """People come and go while one chooses; what becomes possible was waited for."""
        before = self.told
        self.redraw()
        if before.send and self.told.differs(before):
            self.slipped_at = self.clock()

    def redraw(self) -> None:
        """Bring everything up to date."""
        self.card = self.store.chats.get(self.chat, self.card)
        now = self.store.server_now(self.clock())
        me = self.store.me.user if self.store.me else 0
        people = [seat for seat in self.store.team.values() if seat.user != me]
        found = targets(self.card, people, self.store.departments, now, self.within)
        self.rows.show(fitting(found, self.find.value))
        self._tell()

    def _tell(self) -> None:
        now = self.store.server_now(self.clock())
        wish, target = self.wish, self.rows.selected_item
        narrow = self.size.width < 50
        self.note.address("", True, self.note.field.has_focus, narrow)
        self.guide.show(self._guide(target))
        self.choices.show(self._choices(wish))
        facts = (self.card, self.store.team, self.store.departments)
        before = self.told
        self.told = chain(replace(wish, note="", away=self._away(wish)), *facts, self.visitor, now)
        if self.refusal == self.remark and self.told.differs(before):
            self.refusal = ""
        told: list[Cell] = [("Then: ", "key"), (self.told.text, "")]
        if target is None:
            told = [("Nobody fits. Backspace shows the others again.", "warn")]
        if self.refusal:
            told = [("! ", "bad"), (f"{self.refusal} ", "bad"), *told]
        self.steps.show(told)
        done = "offers it" if self.note.field.has_focus else "goes on to the note"
        self.hints.show(hints(("Enter", done), ("Tab", "to and fro"), ("Esc", "back")))

    def _guide(self, target: Target | None) -> list[Cell]:
        if target is None:
            return []
        department = self.store.departments.get(target.department)
        if department is None:
            return [("answers for ", "dim"), (target.about or "no department that you know", "")]
        words = department.guide or department.description or "no guide says when to transfer here"
        words = f"{words}  (open {department.hours})" if department.hours else words
        wanted = "  A note is required." if department.note_required else ""
        return [("when: ", "dim"), (words, ""), (wanted, "warn")]

    def _choices(self, wish: Wish) -> list[Cell]:
        cells: list[Cell] = []
        if self._ways(wish) and not wish.force:
            label = "if away" if wish.user else "if nobody is there"
            cells += [("F2", "key"), (f" {label}: ", "dim"), (f"{AWAY[self._away(wish)]}  ", "")]
        if wish.user and self.may_force:
            cells += [("F3", "key"), (" at once: ", "dim"), ("yes  " if wish.force else "no  ", "")]
        if self.within:
            cells += [("F4", "key"), (" all agents and departments  ", "dim")]
        elif wish.department and not wish.user:
            cells += [("F4", "key"), (" ask one of it first  ", "dim")]
        return cells

    def _ways(self, wish: Wish) -> list[Away | None]:
        """What can be done when the person, or everybody of the department, is away; what is usual first."""
        now = self.store.server_now(self.clock())
        return ways(wish, self.card, self.store.team, self.store.departments, now)

    def _away(self, wish: Wish) -> Away | None:
        """What was chosen of it."""
        found = self._ways(wish)
        return wish.away if wish.away in found else found[0] if found else None

    def _department(self, wish: Wish) -> DepartmentCard | None:
        return self.store.departments.get(wish.department or self.card.department)

    # --- choosing ---

    @on(Input.Changed, "#find")
    def typed(self) -> None:
        """Other words, other people: the cursor goes to whom they name."""
        self._changed()
        self.redraw()
        target = nearest(self.rows.items, self.find.value)
        if target and (key := self.rows.key_of(target)):
            self.rows.select(key)
        self._tell()

    @on(Rows.Moved)
    def moved(self) -> None:
        """Another one under the cursor."""
        self._changed()
        self._tell()

    @on(Composer.Changed)
    def noted(self) -> None:
        """The note grows."""
        self._changed()
        self._tell()

    def on_descendant_focus(self) -> None:
        """Enter means something else in the note."""
        self._tell()

    def _changed(self) -> None:
        """What was refused is not what stands here any more."""
        self.refusal, self.slipped_at = "", 0

    def action_move(self, step: int) -> None:
        """Up or down."""
        self.rows.action_move(step)

    def action_page(self, step: int) -> None:
        """A page up or down."""
        self.rows.action_page(step)

    def action_away(self) -> None:
        """The next of the three things to do when the person is away."""
        wish = self.wish
        if found := self._ways(wish):
            at = found.index(self._away(wish))
            self.kept = replace(self.kept, away=found[(at + 1) % len(found)])
            self._changed()
            self._tell()

    def action_force(self) -> None:
        """Supervisors need not ask."""
        if self.may_force and self.wish.user:
            self.kept = replace(self.kept, force=not self.kept.force)
            self._changed()
            self._tell()

    def action_within(self) -> None:
        """Look into the department under the cursor, to choose who is asked first, or back at everybody."""
        self.within = 0 if self.within else self.wish.department
        self._changed()
        with self.prevent(Input.Changed):
            self.find.value = ""
        self.redraw()
        self.rows.action_edge(-1)
        self._tell()

    @on(Rows.Chosen)
    def chosen(self) -> None:
        """A second click goes on to the note."""
        self.note.field.focus()

    @on(Input.Submitted, "#find")
    def found(self) -> None:
        """Whom is said: now the note."""
        if self.rows.selected_item is not None:
            self.note.field.focus()

    @on(Field.Did)
    def composer_key(self, message: Field.Did) -> None:
        """The composer's keys mean here what they mean there: Enter in the note is the yes."""
        message.stop()
        match message.action:
            case "send":
                self.submit()
            case "newline":
                self.note.field.insert("\n")
            case "leave_composer":
                self.action_back()
            case "complete":
                self.find.focus()

    @on(Field.ManyLines)
    def pasted(self, message: Field.ManyLines) -> None:
        """A note may be long; it is read before it is sent."""
        message.stop()
        self.note.field.insert(message.pasted)

    def submit(self) -> None:
        """Do what stands there; if that is not so any more, tell what is, and ask once more. Nothing is sent twice."""
        wish = self.wish
        if self.sending or not (wish.user or wish.department):
            return
        self.follow()
        department = self._department(wish)
        if self.clock() - self.slipped_at < SLIP_MS:
            self._object(CHANGED)
            self.slipped_at = 0
        elif department and department.note_required and not wish.note.strip():
            self._object(NO_NOTE.format(department.name))
        elif self.told.send is None:
            self._object(NOT_SENT.format(", or press F2" if self._ways(wish) else ""))
        else:
            self.sending = True
            self.offer(replace(self.told.send, note=wish.note), self.answered)

    def _object(self, sentence: str) -> None:
        """Nothing was sent; the sentence holds as long as what stands below it."""
        self.refusal = self.remark = sentence
        self._tell()

    def answered(self, refusal: str) -> None:
        """The server has said yes ('') or why not."""
        self.sending = False
        if refusal:
            self.refusal = refusal
            self._tell()
        elif self.is_current:
            self.dismiss(self.wish)

    def action_back(self) -> None:
        """Back to the chat; what was wished is kept."""
        self.kept, self.put_away = self.wish, True
        self.dismiss(None)
