"""What happens in a conversation: public events and staff-only ones."""

from __future__ import annotations

import msgspec

from .base import Count, Outcome, Part, Rating, Side


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
    """The chat went back into its queue; the visitor waits again with the first place in line kept."""


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


class MessageLeft(Public, frozen=True, tag="message_left"):
    """The waiting visitor would rather get an answer later; the chat became a left message."""


class Noted(StaffOnly, frozen=True, tag="noted"):
    """A private note; no way leads from here to the visitor."""

    text: str


class OutcomeSet(StaffOnly, frozen=True, tag="outcome_set"):
    """How the closing agent judged the chat."""

    outcome: Outcome


PublicWhat = (
    Started | Said | Took | Requeued | VisitorLeft | Ended | Reopened | Finished | Rated | MessageLeft
)
StaffWhat = Noted | OutcomeSet
What = PublicWhat | StaffWhat


class Party(Part, frozen=True):
    """Who did it. ``id`` is the user's id for staff, 0 for visitor and system."""

    side: Side
    id: Count = 0
    name: str = ""
