"""What the actions around my own status do: online, break, phone, finishing, offline; and back after no input."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentconsole import narrate
from agentconsole.actions import Unfit
from agentconsole.protocol import BreakReason, Status
from agentconsole.screens.ask import Ask
from agentconsole.screens.choice import Choice, Option
from agentconsole.screens.drain import DrainDialog

if TYPE_CHECKING:
    from agentconsole.screens.deeds import Deeds

NO_INPUT = "No input"
HINTS = {
    Status.online: "new chats may come to me",
    Status.away: "no new chats; colleagues see the reason",
    Status.phone: "no new chats while the call lasts",
    Status.drain: "finish mine, no new ones",
    Status.offline: "not taking chats; only when I answer none any more",
}


class Statuses:
    """Methods are named after the actions."""

    def __init__(self, deeds: Deeds) -> None:
        self.deeds = deeds
        self.app = deeds.app

    @property
    def now(self) -> Status:
        """My status as the server has it."""
        return self.app.store.status

    async def status(self) -> None:
        """Choose from all."""
        options = [Option(each, narrate.STATUSES[each], HINTS[each]) for each in Status]
        chosen = await self.deeds.ask(Choice("My status", options, self.now, self._since()))
        match chosen:
            case Status.away:
                await self.break_()
            case Status.phone:
                self.app.actions.phone(True)
            case Status.drain:
                await self.drain()
            case Status.offline:
                await self.offline()
            case Status.online:
                self.online()

    def _since(self) -> str:
        seat = self.app.store.seat
        return f"Set by {seat.by}." if seat and seat.by else ""

    def online(self) -> None:
        """Take chats again."""
        self.app.actions.set_status(Status.online)

    async def break_(self) -> None:
        """Choose a reason, or write one where there are none to choose from."""
        reason = await self.reason("On break")
        if reason is not None:
            self.app.actions.set_status(Status.away, reason)

    async def reason(self, title: str) -> str | None:
        """The reason for a break; None = none, after all."""
        reasons = self.app.store.breaks
        if not reasons:
            words = await self.deeds.ask(Ask(title, "A reason for your colleagues, or nothing:", limit=80))
            return None if words is None else words.strip()
        options = [Option(each.name, each.name, allowed(each)) for each in reasons]
        return await self.deeds.ask(Choice(title, options))

    def phone(self) -> None:
        """A call begins, or ends: the status before it comes back."""
        self.app.actions.phone(self.now is not Status.phone)

    async def offline(self) -> None:
        """Not before my chats are in other hands."""
        if not self._owned():
            self.app.actions.set_status(Status.offline)
            return
        explanation = "You still answer chats. Finish them, or hand them over; no new ones come meanwhile."
        options = [Option("drain", "Finishing", "and show what must move"), Option("back", "Back")]
        if await self.deeds.ask(Choice("Offline?", options, "drain", explanation)) == "drain":
            await self.drain()

    async def drain(self) -> None:
        """Take no new chats, and see what must move, until the list is put away."""
        if self.now is not Status.drain:
            self.app.actions.set_status(Status.drain)
        while True:
            chosen = await self.deeds.ask(DrainDialog(self.app.store, self.app.actions))
            if chosen is None:
                return
            if chosen.deed == "offline":
                self.app.actions.set_status(Status.offline)
                return
            self.app.main.go_chat(chosen.chat)
            if chosen.deed == "open":
                return
            await self.deeds.perform(chosen.deed)

    def _owned(self) -> list[int]:
        return [row.card.chat for row in self.app.store.mine() if self.app.store.is_mine(row.card.chat)]

    # --- no input ---

    async def idle(self, minutes: int) -> None:
        """Nobody has touched this console for so long: no visitor shall wait for an empty chair."""
        self.app.actions.set_status(Status.away, NO_INPUT)
        explanation = f"No input for {minutes} min, so you are on break and get no new chats."
        options = [
            Option("online", "I am here", "back online"),
            Option("stay", "Stay on break", "s changes it later"),
        ]
        if await self.deeds.ask(Choice("Are you there?", options, "online", explanation)) == "online":
            self.online()

    # --- alerts ---

    async def test_alerts(self) -> None:
        """Send one of each, and let the team know that they were noticed."""
        self.app.signals.test()
        options = [
            Option("yes", "Yes", "the team screen shows when I tested them"),
            Option("no", "No", "alerts.protocol in the settings, or docs/settings.md, may help"),
        ]
        explanation = (
            "One of each was sent: bell, notifications, window title. What you noticed is what you can use."
        )
        if await self.deeds.ask(Choice("Did you see and hear it?", options, "", explanation)) == "yes":
            self.deeds.after(
                self.app.actions.alerts_tested(), lambda: self.app.tell("Your alerts count as tested.")
            )
        else:
            raise Unfit("Then look at alerts.protocol in the settings, and into docs/settings.md.")


def allowed(reason: BreakReason) -> str:
    """How long such a break may be."""
    return f"up to {narrate.duration(reason.minutes * 60_000)}" if reason.minutes else "as long as needed"
