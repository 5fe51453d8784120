"""What happens in a conversation: public events and staff-only ones."""

from __future__ import annotations

import msgspec

from .base import Count, OfferEnd, Outcome, Part, Rating, Side


class Public(
    msgspec.Struct, tag_field="kind", forbid_unknown_fields=True, omit_defaults=True, frozen=True, gc=False
):
    """Base of events that the visitor also gets; they have a seq and a pub."""


class StaffOnly(
    msgspec.Struct, tag_field="kind", forbid_unknown_fields=True, omit_defaults=True, frozen=True
):
    """Base of events for staff alone; they have a seq and no pub, and lie in a table of their own."""


class Started(Public, frozen=True, tag="started"):
    """The visitor opened the chat and waits."""

    topic: str = ""


class Said(Public, frozen=True, tag="said"):
    """A line from the visitor or from staff, exactly as sent."""

    text: str


class Took(Public, frozen=True, tag="took"):
    """A member of staff (the event's ``by``) now answers the chat."""


class Requeued(Public, frozen=True, tag="requeued"):
    """The chat went back into a queue; the visitor waits again with the age of the chat kept.

    ``department`` is the queue's name if it is another one than before.
    """

    department: str = ""


class VisitorLeft(Public, frozen=True, tag="visitor_left"):
    """The visitor ended the chat (``by`` visitor) or stayed away too long (``by`` system)."""


class Ended(Public, frozen=True, tag="ended"):
    """Staff closed the chat; wrap-up begins, and the visitor who writes now reopens it."""


class Reopened(Public, frozen=True, tag="reopened"):
    """A close was undone, by staff or by the visitor's next line."""


class Finished(Public, frozen=True, tag="finished"):
    """Wrap-up is over: the conversation is history; the rating may be given from now on."""


class Rated(Public, frozen=True, tag="rated"):
    """The visitor's judgement; the last one counts."""

    rating: Rating
    comment: str = ""


class Joined(Public, frozen=True, tag="joined"):
    """A member of staff (the event's ``by``) joined the conversation."""


class Parted(Public, frozen=True, tag="parted"):
    """A member of staff left the conversation; the others go on."""


class Transferred(Public, frozen=True, tag="transferred"):
    """The event's ``by`` now answers the chat instead of ``before``."""

    before: str = ""


class Promised(Public, frozen=True, tag="promised"):
    """``name`` will answer by e-mail; the chat ends as a left message for that person."""

    name: str


class MessageLeft(Public, frozen=True, tag="message_left"):
    """The waiting visitor would rather get an answer later; the chat became a left message."""


class Noted(StaffOnly, frozen=True, tag="noted"):
    """A private note; no way leads from here to the visitor."""

    text: str


class OutcomeSet(StaffOnly, frozen=True, tag="outcome_set"):
    """How the closing agent judged the chat."""

    outcome: Outcome


class Offered(StaffOnly, frozen=True, tag="offered"):
    """The chat was offered: to ``user``, or with ``user`` 0 to everybody of ``department``.

    ``transfer`` = its owner or a supervisor (the event's ``by``) asked for it; else the dispatcher gave it.
    ``note`` is for who comes next; ``until`` is when the offer runs out.
    """

    department: int
    user: int = 0
    name: str = ""
    transfer: bool = False
    note: str = ""
    until: int = 0


class Declined(StaffOnly, frozen=True, tag="declined"):
    """The event's ``by`` would rather not have the chat (``invite``: not join it)."""

    reason: str = ""
    invite: bool = False


class OfferEnded(StaffOnly, frozen=True, tag="offer_ended"):
    """An offer to ``name`` came to nothing: it ran out (a missed chat), was cancelled, or the agent went away."""

    why: OfferEnd
    user: int = 0
    name: str = ""


class Moved(StaffOnly, frozen=True, tag="moved"):
    """The chat went to the queue of another department; ``why`` says what for."""

    department: int
    name: str
    why: str = ""


class Lined(StaffOnly, frozen=True, tag="lined"):
    """The chat waits in the line of one person until ``until``; then everybody of the department may have it."""

    user: int
    name: str
    until: int
    note: str = ""


class Invited(StaffOnly, frozen=True, tag="invited"):
    """A colleague was asked to join; the invitation stands until ``until``, or longer if others are invited later."""

    user: int
    name: str
    until: int = 0


class InviteEnded(StaffOnly, frozen=True, tag="invite_ended"):
    """An invitation of ``name`` came to nothing: nobody joined in time, it was taken back, or the person is gone."""

    why: OfferEnd
    user: int
    name: str


class HelpAsked(StaffOnly, frozen=True, tag="help_asked"):
    """The agent calls for the department's supervisors."""

    text: str = ""


class HelpDone(StaffOnly, frozen=True, tag="help_done"):
    """The call for help is answered, or taken back."""


class Prioritised(StaffOnly, frozen=True, tag="prioritised"):
    """The chat's own priority was changed; 0 is the usual one."""

    priority: int


PublicWhat = (
    Started
    | Said
    | Took
    | Requeued
    | VisitorLeft
    | Ended
    | Reopened
    | Finished
    | Rated
    | MessageLeft
    | Joined
    | Parted
    | Transferred
    | Promised
)
StaffWhat = (
    Noted
    | OutcomeSet
    | Offered
    | Declined
    | OfferEnded
    | Moved
    | Lined
    | Invited
    | InviteEnded
    | HelpAsked
    | HelpDone
    | Prioritised
)
What = PublicWhat | StaffWhat


class Party(Part, frozen=True):
    """Who did it. ``id`` is the user's id for staff, 0 for visitor and system."""

    side: Side
    id: Count = 0
    name: str = ""
