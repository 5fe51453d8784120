"""What the actions of talking among staff do: rooms, quick messages, whispers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentconsole import narrate
from agentconsole.actions import Unfit
from agentconsole.keys import Where
from agentconsole.outbox import Entry, OutboxFull
from agentconsole.protocol import MAX_TEXT, ChatCard, Message, Role
from agentconsole.rooms import channel, direct
from agentconsole.screens.ask import Ask
from agentconsole.screens.finder import Finder, Item
from agentconsole.screens.rooms import chat_name, room_name, unsent

if TYPE_CHECKING:
    from agentconsole.screens.deeds import Deeds


class Talk:
    """Methods are named after the actions."""

    def __init__(self, deeds: Deeds) -> None:
        self.deeds = deeds
        self.app = deeds.app

    # --- what can be done now ---

    def possible(self, id: str) -> bool:
        """False if this action could only be refused now: then it is not offered."""
        view = self.app.main.messages
        match id:
            case "unread":
                return bool(view.newest_unread())
            case "whisper":
                return self._agent() is not None or self._whisper() is not None
            case "write_message":
                return view.writable
            case "older_messages":
                return bool(view.room)
            case "to_chat":
                return bool(self._about())
            case "retry_message" | "edit_message":
                return self._refused() is not None
        return True

    # --- places ---

    def messages(self) -> None:
        """The rooms."""
        self.app.main.go(self.app.main.messages)

    def unread(self) -> None:
        """The room with the newest unread message."""
        room = self.app.main.messages.newest_unread()
        if not room:
            raise Unfit("No message is unread. M shows all rooms.")
        self.go(room)

    def go(self, room: str) -> None:
        """Show a room and write there."""
        view = self.app.main.messages
        view.open(room)
        self.app.main.go(view)
        view.write()

    # --- in the messages ---

    def write_message(self) -> None:
        """Go to the composer; with the cursor on a folded message, first show all of that."""
        view = self.app.main.messages
        if view.transcript.unfold():
            return
        view.write()
        if view.room and not view.writable:
            raise Unfit("Rules read no answers. + writes to a colleague or a department.")

    async def new_message(self) -> None:
        """Choose a colleague or a department by name."""
        if room := await self._whom("Write to whom?", []):
            self.go(room)

    def to_chat(self) -> None:
        """Go to the chat that a message is about."""
        chat = self._about()
        if not chat:
            raise Unfit("No message here is about a chat.")
        if chat not in self.app.store.chats:
            raise Unfit("This chat is over, or not yours to read.")
        if not self.app.store.takes_part(chat) and chat not in self.app.store.viewing:
            self.app.actions.look(chat)
        self.app.main.go_chat(chat)

    def older_messages(self) -> None:
        """Fetch what was said before."""
        self.app.actions.older_messages(self.app.main.messages.room)

    def messages_up(self) -> None:
        """Scroll back."""
        self.app.main.messages.transcript.action_page(-1)

    def messages_down(self) -> None:
        """Scroll on."""
        self.app.main.messages.transcript.action_page(1)

    def retry_message(self) -> None:
        """Send the refused message again."""
        self.app.actions.retry_message(self._failed().command.cid)
        self._changed()

    def edit_message(self) -> None:
        """Take the refused message back into the composer."""
        view = self.app.main.messages
        if view.composer.text.strip():
            raise Unfit("Something stands in the composer already. Send it, or empty it first.")
        view.composer.put(self.app.actions.take_back_message(self._failed().command.cid))
        view.keep()
        self._changed()
        view.write()

    def send_message(self) -> None:
        """Send what stands in the composer of the room in front."""
        view = self.app.main.messages
        words = view.composer.text
        if not words.strip():
            return
        self.app.actions.message(view.room, words)
        view.composer.put("")
        view.keep()
        view.transcript.to_end()
        self._changed()

    def _changed(self) -> None:
        view = self.app.main.messages
        view.script.follow()
        view.redraw()

    def _refused(self) -> Entry | None:
        waiting = unsent(self.app.store, self.app.main.messages.room)
        return next((entry for entry in waiting if entry.failed), None)

    def _failed(self) -> Entry:
        entry = self._refused()
        if entry is None:
            raise Unfit("No message of yours was refused here.")
        return entry

    def _about(self) -> int:
        """The chat of the newest message here that is about one."""
        said = self.app.store.rooms.messages.get(self.app.main.messages.room, [])
        return next((message.chat for message in reversed(said) if message.chat), 0)

    # --- quick ones, from anywhere ---

    async def quick_message(self) -> None:
        """Write to a colleague or a department without leaving; what stands in the composer stays there."""
        chat = self._at_hand()
        card = self.app.store.chats.get(chat)
        first = [message.room for message in self._whispers(chat)[-1:]]
        if card and card.owner and not self._me(card.owner):
            first.append(self._room_of(card.owner))
        if room := await self._whom("Write to whom? Staff only, no visitor sees it.", first):
            await self._ask(room, room_name(self.app.store, room), 0)

    async def whisper(self) -> None:
        """To the agent of the chat that I watch; in a chat of my own the answer to the newest whisper."""
        if card := self._agent():
            await self._ask(self._room_of(card.owner), card.owner_name, card.chat, whisper=True)
        elif message := self._whisper():
            await self._ask(message.room, room_name(self.app.store, message.room), message.chat)
        else:
            raise Unfit("Nobody has whispered to you here, and this is no chat that you supervise.")

    async def _ask(self, room: str, name: str, chat: int, whisper: bool = False) -> None:
        about = f" about {chat_name(self.app.store, chat)}" if chat else ""
        title = f"WHISPER to {name}{about}" if whisper else f"To {name}{about}"
        seen = f"Only {name} sees it" if room.startswith("u") else f"{name[:1].upper()}{name[1:]} see it"
        words = await self.deeds.ask(Ask(title, f"{seen}; no visitor ever does.", limit=MAX_TEXT))
        if not words or not words.strip():
            return
        try:
            if whisper:
                cid = self.app.actions.whisper(chat, words)
            else:
                cid = self.app.actions.message(room, words, chat)
        except (Unfit, OutboxFull):
            self._keep(room, words)
            raise
        self.deeds.after(
            cid, lambda: self.app.tell(f"{name} has it."), lambda why: self._not_sent(room, name, why)
        )

    def _keep(self, room: str, words: str) -> None:
        """What could not be sent is a draft now."""
        before = self.app.store.message_draft(room)
        self.app.actions.message_draft(room, f"{before}\n{words}".strip())

    def _not_sent(self, room: str, name: str, why: str) -> None:
        self.app.tell(f"Not sent to {name}: {why} It is kept under M.", "warn")

    async def _whom(self, title: str, first: list[str]) -> str:
        """A room, chosen by the name of a colleague or a department ('' = none)."""
        store = self.app.store
        seats = sorted(store.team.values(), key=lambda seat: (bool(seat.lost_at), seat.display.casefold()))
        rooms = [*first, *(self._room_of(seat.user) for seat in seats if not self._me(seat.user))]
        rooms += [channel(id) for id, card in sorted(store.departments.items()) if card.mine]
        items = [Item(room, room_name(store, room), self._standing(room)) for room in dict.fromkeys(rooms)]
        return (
            await self.deeds.ask(Finder(title, items, "No colleague and no department of that name.")) or ""
        )

    def _standing(self, room: str) -> str:
        for seat in self.app.store.team.values():
            if self._room_of(seat.user) == room:
                return narrate.STATUSES[seat.status]
        return "everybody who answers it"

    # --- which chat ---

    def _at_hand(self) -> int:
        main = self.app.main
        return main.chat.chat if main.where is Where.chat else self.deeds.watch.at_hand

    def _agent(self) -> ChatCard | None:
        """The chat at hand, if I can whisper to its agent."""
        card = self.app.store.chats.get(self._at_hand())
        if card is None or not card.owner or self._me(card.owner):
            return None
        return card if self.app.store.has_role(card.department, Role.supervisor) else None

    def _whispers(self, chat: int) -> list[Message]:
        """What others whispered to me about a chat, oldest first."""
        return (
            [each for each in self.app.store.rooms.whispers(chat) if not self._me(each.author)]
            if chat
            else []
        )

    def _whisper(self) -> Message | None:
        return next(iter(self._whispers(self._at_hand())[-1:]), None)

    def _me(self, user: int) -> bool:
        return self.app.store.me is not None and self.app.store.me.user == user

    def _room_of(self, user: int) -> str:
        return direct(self.app.store.me.user if self.app.store.me else 0, user)
