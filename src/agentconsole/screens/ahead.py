"""What is typed ahead of a chat: behind the key that asks for it letters are text, also before the server has answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.events import Event, Key, Paste

from agentconsole import keys

if TYPE_CHECKING:
    from agentconsole.screens.deeds import Deeds

PATIENCE_MS = 10_000  # letters wait for an answer no longer
PAUSE_MS = 700  # after a refusal: who rests so long has read it, who does not is still typing for the visitor
LEAST = 2  # characters worth keeping
SHOWN = 40
DENIED = "denied"  # in place of the command that was never made


class Ahead:
    """Holds text between a key such as Take and the composer of the chat that it opens. Nothing of it is ever sent.

    What was typed for a chat that somebody else got is kept for the next one that is asked for.
    """

    def __init__(self, deeds: Deeds) -> None:
        self.deeds = deeds
        self.app = deeds.app
        self._words: dict[str, str] = {}  # by the command that asks for the chat
        self._got: dict[int, str] = {}  # which command got a chat that is not here yet
        self._kept = ""
        self._cid = ""  # the command for whose chat letters are held ('' = letters are keys)
        self._refusal = ""
        self._until = self._rested = 0

    def asked(self, cid: str) -> None:
        """This command asks for a chat: from now on letters are for its composer."""
        if self._cid and self._refusal:
            self._let_go()
        self._words[cid], self._kept = self._kept, ""
        self._cid, self._refusal = cid, ""
        self._until = self.app.clock() + PATIENCE_MS
        self.deeds.objected[cid] = lambda sentence: self._refused(cid, sentence)

    def denied(self, sentence: str) -> None:
        """The key was pressed, but there was no chat to ask for any more."""
        self.asked(DENIED)
        self.deeds.objected.pop(DENIED)(sentence)

    def answered(self, cid: str, chat: int) -> None:
        """This command got this chat."""
        if cid in self._words:
            self._got[chat] = cid

    def landed(self, chat: int) -> None:
        """The chat is mine, and in front if it ever will be: what was typed for it is its draft now, behind what stood there."""
        cid = self._got.pop(chat, "")
        words = self._words.pop(cid, "").strip("\n")
        if cid == self._cid:
            self._cid = ""
        if not words:
            return
        view = self.app.main.chat
        here = view.chat == chat and not view.loaded_note
        before = view.composer.text if here else self.app.store.draft(chat)
        words = f"{before}\n{words}" if before else words
        self.app.actions.draft(chat, words, False)
        if here:
            view.composer.put(words)
            self.app.main.unnotice()

    def take(self, event: Event) -> bool:
        """Keep a key or a paste that is meant for the chat on its way; False if it means what it always means."""
        self.tick()
        if not self._cid or not self.app.main.is_active:
            return False
        match event:
            case Key(key="enter" | "backspace") if self._refusal and not self._words[self._cid]:
                return False
            case Paste(text=pasted):
                self._write(pasted)
            case Key(key="escape"):
                return self._let_go()
            case Key(key="backspace"):
                self._words[self._cid] = self._words[self._cid][:-1]
                self._write("")
            case Key(key="enter"):
                self._write("\n")
            case Key(character=str(sign)) if event.is_printable:
                self._write(sign)
            case Key(key=key) if not keys.types_text(key):
                self._let_go()
                return False
        return True

    def tick(self) -> None:
        """Time went by: letters do not stay text for ever."""
        if self._cid and self.app.clock() >= (self._rested if self._refusal else self._until):
            self._let_go()

    def _write(self, more: str) -> None:
        words = self._words[self._cid] = self._words[self._cid] + more
        self._rest()
        where, ink = ("For the chat that opens", "") if not self._refusal else (self._refusal, "warn")
        self.app.tell(f"{where} ▸ {_tail(words)}", ink)

    def _rest(self) -> None:
        self._rested = min(self._until, self.app.clock() + PAUSE_MS)

    def _refused(self, cid: str, sentence: str) -> None:
        self.app.tell(sentence, "warn")
        if cid == self._cid:
            self._refusal = sentence
            self._rest()
        else:
            self._keep(cid, sentence)

    def _let_go(self) -> bool:
        """Letters are keys again. True if something had been typed."""
        cid, self._cid = self._cid, ""
        if self._refusal:
            return self._keep(cid, self._refusal)
        if words := self._words[cid]:
            self.app.tell(f"Letters are keys again. When the chat opens, this stands in it: {_tail(words)}")
        return bool(words)

    def _keep(self, cid: str, refusal: str) -> bool:
        """Keep what was typed for a chat that never came. True if something was."""
        words = self._words.pop(cid).strip("\n")
        if len(words) >= LEAST:
            self._kept = f"{self._kept}\n{words}" if self._kept else words
            self.app.tell(f"{refusal} Kept for the next chat you take: {_tail(words)}", "warn")
        return bool(words)


def _tail(words: str) -> str:
    """The end of a text, in one row."""
    row = words.replace("\n", " ⏎ ")
    return row if len(row) <= SHOWN else f"…{row[-SHOWN:]}"
