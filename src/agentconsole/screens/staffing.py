"""What the actions of the team screen do: whom it shows, and what supervisors change of somebody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentconsole import narrate, team
from agentconsole.actions import Unfit
from agentconsole.protocol import Membership, SeatCard, Status
from agentconsole.rooms import direct
from agentconsole.screens.ask import Ask
from agentconsole.screens.choice import Choice, Option
from agentconsole.screens.statuses import HINTS

if TYPE_CHECKING:
    from agentconsole.screens.deeds import Deeds

MOST_TIERS, MOST_CHATS = 9, 1_000


class Staffing:
    """Methods are named after the actions."""

    def __init__(self, deeds: Deeds) -> None:
        self.deeds = deeds
        self.app = deeds.app

    def team(self) -> None:
        """Show who is where."""
        self.app.main.go(self.app.main.team)

    def possible(self, id: str) -> bool:
        """Supervisors change anybody, others their own status; nobody writes to oneself."""
        me, selected = self.app.store.me, self.app.main.team.selected
        if id == "change_member":
            return self.app.store.supervises() or (me is not None and selected == me.user)
        return id != "write_member" or (me is not None and selected not in (0, me.user))

    async def team_department(self) -> None:
        """Show one department, or all."""
        view = self.app.main.team
        cards = sorted(self.app.store.departments.values(), key=lambda card: card.name.casefold())
        options = [Option("0", "All departments"), *(Option(str(card.id), card.name) for card in cards)]
        chosen = await self.deeds.ask(Choice("Who is where in", options, str(view.within)))
        if chosen is not None:
            view.within = int(chosen)
            view.redraw(self.app.actions.clock())

    def write_member(self) -> None:
        """Write to the person under the cursor."""
        seat, me = self._seat(), self.app.store.me
        if me is None or seat.user == me.user:
            raise Unfit("This is you. Choose a colleague to write to.")
        self.deeds.talk.go(direct(me.user, seat.user))

    async def change_member(self) -> None:
        """Choose what to change of the person under the cursor."""
        seat = self._seat()
        me = self.app.store.me
        if me and seat.user == me.user and not self.app.store.supervises():
            await self.deeds.perform("status")
            return
        if not self.app.store.supervises():
            raise Unfit(f"Supervisors change what {seat.display} does. Your own status: s.")
        options = [
            Option("status", "Status", team.status_line(seat, self._now())),
            Option(
                "limit",
                "Chats at once",
                f"{seat.own_limit}" if seat.own_limit else f"{seat.limit}, as the system has it",
            ),
            Option("standing", "Priority and limit in a department"),
            Option("languages", "Languages", ", ".join(seat.languages) or "nothing noted"),
            Option("skills", "Skills", ", ".join(seat.skills) or "nothing noted"),
        ]
        match await self.deeds.ask(Choice(f"Change {seat.display}", options)):
            case "status":
                await self._status(seat)
            case "limit":
                await self._limit(seat)
            case "standing":
                await self._standing(seat)
            case "languages":
                await self._languages(seat)
            case "skills":
                await self._skills(seat)

    def _seat(self) -> SeatCard:
        seat = self.app.store.team.get(self.app.main.team.selected)
        if seat is None:
            raise Unfit("There is nobody under the cursor.")
        return seat

    def _now(self) -> int:
        return self.app.store.server_now(self.app.actions.clock())

    async def _status(self, seat: SeatCard) -> None:
        options = [
            Option(each, narrate.STATUSES[each], HINTS[each].replace("I answer", "they answer"))
            for each in Status
        ]
        chosen = await self.deeds.ask(
            Choice(
                f"Status of {seat.display}", options, seat.status, f"{seat.display} is told that it was you."
            )
        )
        if chosen == Status.phone:
            self._told(self.app.actions.phone(True, seat.user), seat)
        elif chosen == Status.away:
            reason = await self.deeds.statuses.reason(f"{seat.display} on break")
            if reason is not None:
                self._told(self.app.actions.set_status(Status.away, reason, seat.user), seat)
        elif chosen and seat.status is Status.phone and chosen == Status.online:
            self._told(self.app.actions.phone(False, seat.user), seat)
        elif chosen:
            self._told(self.app.actions.set_status(Status(chosen), "", seat.user), seat)

    async def _limit(self, seat: SeatCard) -> None:
        words = await self.deeds.ask(
            Ask(
                f"Chats at once for {seat.display}",
                "A number; 0 as the system has it:",
                str(seat.own_limit),
                4,
            )
        )
        if words is not None:
            self._set(seat, limit=_number(words, 0, MOST_CHATS))

    async def _languages(self, seat: SeatCard) -> None:
        words = await self.deeds.ask(
            Ask(
                f"Languages of {seat.display}",
                "Codes with commas, such as en, de:",
                ", ".join(seat.languages),
                add=True,
            )
        )
        if words is not None:
            self._set(seat, languages=_words(words))

    async def _skills(self, seat: SeatCard) -> None:
        words = await self.deeds.ask(
            Ask(
                f"Skills of {seat.display}",
                "Words with commas, such as returns, vip:",
                ", ".join(seat.skills),
                add=True,
            )
        )
        if words is not None:
            self._set(seat, skills=_words(words))

    def _set(
        self,
        seat: SeatCard,
        limit: int | None = None,
        languages: list[str] | None = None,
        skills: list[str] | None = None,
    ) -> None:
        """Change one of them; the others stay as they are now, whatever they were when the dialog opened."""
        seat = self.app.store.team.get(seat.user, seat)
        cid = self.app.actions.set_agent(
            seat.user,
            seat.own_limit if limit is None else limit,
            seat.languages if languages is None else languages,
            seat.skills if skills is None else skills,
        )
        self._told(cid, seat)

    async def _standing(self, seat: SeatCard) -> None:
        standings = {each.department: each for each in seat.members}
        options = []
        for id, card in self.app.store.departments.items():
            if team.serves(seat, id):
                options.append(Option(str(id), card.name, _hint(standings.get(id))))
        if not options:
            raise Unfit(
                f"{seat.display} answers no department that you know of. An administrator grants them."
            )
        department = await self.deeds.ask(Choice(f"{seat.display} in", options))
        if department is None:
            return
        held = standings.get(int(department)) or Membership(int(department))
        words = await self.deeds.ask(
            Ask(
                f"{seat.display} in {self.app.store.department_name(int(department))}",
                "Priority from 1 (asked first) to 9, then at most how many chats of it (0 = no own limit):",
                f"{held.tier} {held.limit}",
                6,
            )
        )
        if words is not None:
            tier, _, limit = words.strip().partition(" ")
            cid = self.app.actions.set_member(
                seat.user,
                int(department),
                _number(tier, 1, MOST_TIERS),
                _number(limit or "0", 0, MOST_CHATS),
            )
            self._told(cid, seat)

    def _told(self, cid: str, seat: SeatCard) -> None:
        self.deeds.after(cid, lambda: self.app.tell(f"Done: {seat.display} has it and is told."))


def _hint(held: Membership | None) -> str:
    tier, limit = (held.tier, held.limit) if held else (1, 0)
    return f"priority {tier}" + (f", at most {limit}" if limit else "")


def _number(words: str, least: int, most: int) -> int:
    words = words.strip()
    if not (words.isascii() and words.isdecimal()) or not least <= int(words) <= most:
        raise Unfit(
            f"{words or 'Nothing'} does not fit: write a number from {least} to {most}. Nothing was changed."
        )
    return int(words)


def _words(words: str) -> list[str]:
    return list(dict.fromkeys(word for each in words.split(",") if (word := each.strip())))
