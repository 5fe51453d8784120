"""What the actions of the list of mails do: every decision is asked once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentconsole.actions import Unfit
from agentconsole.keys import Where
from agentconsole.protocol import MailCard, MailState, QuarantineCard, Role
from agentconsole.screens.choice import Choice, Option
from agentconsole.screens.mails import MailRow
from agentconsole.screens.reader import Reader

if TYPE_CHECKING:
    from agentconsole.screens.deeds import Deeds

RESEND = Option("resend", "send again", "the customer gets it a second time if it did arrive")
WITHDRAW = Option("withdraw", "withdraw", "it is not sent")
SENT = Option("sent", "it arrived", "nothing more is done")
BACK = Option("", "back")
CHOICES = {
    MailState.unknown: (SENT, RESEND, WITHDRAW),
    MailState.failed: (RESEND, WITHDRAW),
    MailState.bounced: (RESEND, WITHDRAW),
    MailState.deferred: (Option("resend", "try now"), WITHDRAW),
    MailState.queued: (WITHDRAW,),
}


class Mailing:
    """Methods are named after the actions."""

    def __init__(self, deeds: Deeds) -> None:
        self.deeds = deeds
        self.app = deeds.app

    def possible(self, id: str) -> bool:
        """Mail is for supervisors."""
        match id:
            case "mails":
                return self.app.store.has_role(0, Role.supervisor, Role.admin)
            case "discard_mail" if self.app.main.where is Where.mails:
                row = self.app.main.mails.row
                return row is not None and row.held is not None
            case "settle_mail" | "view_mail" if self.app.main.where is Where.mails:
                return self.app.main.mails.row is not None
        return True

    def mails(self) -> None:
        """The lists."""
        if not self.possible("mails"):
            raise Unfit("Outbox and quarantine are for supervisors. An answer's mail stands in its ticket.")
        self.app.main.go(self.app.main.mails)

    def refresh_mails(self) -> None:
        """Read them anew."""
        self.app.main.mails.fetch()

    async def view_mail(self) -> None:
        """The ticket where it belongs; what it says, as long as it has none."""
        row = self._row()
        ticket = row.mail.ticket if row.mail else row.held.ticket if row.held else 0
        if ticket:
            self.deeds.ticketing.open(ticket)
        elif row.held:
            text = await self.app.main.work.reads.held_mail(row.held.id)
            await self.deeds.ask(Reader(f"The mail from {row.held.sender or 'nobody'}", text))

    async def settle_mail(self) -> None:
        """Decide."""
        row = self._row()
        if row.mail:
            await self._settle(row.mail)
        elif row.held:
            await self._release(row.held)
        self.app.main.mails.fetch()

    async def _settle(self, mail: MailCard) -> None:
        options = CHOICES.get(mail.state)
        if not options:
            raise Unfit("It is being sent just now. Look again in a moment.")
        chosen = await self.deeds.ask(
            Choice(f"The mail to {mail.to} about ticket #{mail.ticket}", [*options, BACK], "", mail.answer)
        )
        if chosen:
            await self.app.main.work.reads.settle(mail.id, chosen)

    async def _release(self, held: QuarantineCard) -> None:
        self._must_wait(held)
        if await self.deeds.confirm(
            f"Make a ticket of the mail from {held.sender or 'nobody'}?", held.reason, "Release it"
        ):
            await self.app.main.work.reads.release(held.id)

    async def discard_mail(self) -> None:
        """Throw it away for good."""
        held = self._row().held
        if held is None:
            raise Unfit(
                "Only mails in quarantine, and ignored ones, are discarded; Enter withdraws one of ours."
            )
        self._must_wait(held)
        if await self.deeds.confirm(
            f"Throw away the mail from {held.sender or 'nobody'} for good?",
            f"{held.subject or 'No subject'}. Nothing of it is left, and it does not come again.",
            "Discard it",
        ):
            await self.app.main.work.reads.discard(held.id)
        self.app.main.mails.fetch()

    def _must_wait(self, held: QuarantineCard) -> None:
        """Raises Unfit if it was decided already what becomes of it."""
        if held.released_at:
            raise Unfit(f"It was released by {held.released_by} already.")
        if held.discarded_at:
            raise Unfit(f"It was discarded by {held.discarded_by} already.")

    def _row(self) -> MailRow:
        row = self.app.main.mails.row
        if row is None:
            raise Unfit("There is no mail here.")
        return row
