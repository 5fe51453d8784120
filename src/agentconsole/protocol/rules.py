"""The words about rules: what happens by itself when something happens to a ticket or a chat.

Conditions and actions are written as people read them; docs/rules.md has the two small languages.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from .base import Count, Id, Millis, Part, Term

MAX_RULE_NAME = 80
MAX_RULE_NOTE = 1_000
MAX_CONDITION = 4_000
MAX_ACTION = 4_000
MAX_ACTIONS = 20
MAX_RULES = 1_000
MAX_COUNTED = 10_000  # calls to other systems; where there are more, it says so many


class RuleEvent(Term):
    """What a rule waits for."""

    ticket_created = "ticket_created"
    customer_replied = "customer_replied"
    agent_replied = "agent_replied"
    status_changed = "status_changed"
    department_changed = "department_changed"
    time_passed = "time_passed"  # looked at all the time; once for each time that people have written
    clock_warned = "clock_warned"
    clock_breached = "clock_breached"
    chat_closed = "chat_closed"  # wrap-up has ended
    chat_missed = "chat_missed"  # its visitor left before anybody answered
    rating_given = "rating_given"


CHAT_EVENTS = frozenset({RuleEvent.chat_closed, RuleEvent.chat_missed, RuleEvent.rating_given})


class RuleWish(Part, frozen=True):
    """A rule as it is written: on ``event``, ``when`` it holds ('' = always), ``do`` all of these in order.

    ``department`` 0 = all of them. ``stop``: no later rule looks at this event.
    """

    name: Annotated[str, Meta(max_length=MAX_RULE_NAME)]
    event: RuleEvent
    do: Annotated[list[Annotated[str, Meta(max_length=MAX_ACTION)]], Meta(max_length=MAX_ACTIONS)]
    when: Annotated[str, Meta(max_length=MAX_CONDITION)] = ""
    note: Annotated[str, Meta(max_length=MAX_RULE_NOTE)] = ""
    department: Count = 0
    active: bool = True
    stop: bool = False


class RuleFiring(Part, frozen=True):
    """A rule fired on a ticket or a chat (0 = the other one) and did this, in words."""

    rule: Id
    at: Millis
    did: list[str]
    ticket: Count = 0
    chat: Count = 0


class RuleCard(Part, frozen=True):
    """A rule as it is kept: ``place`` is its turn, ``fired`` how often it did, ``firings`` the last of them."""

    id: Id
    version: Count
    rule: RuleWish
    place: Count = 0
    fired: Count = 0
    firings: list[RuleFiring] = []


class RuleSet(Part, frozen=True):
    """Write a rule over what it was; ``version`` is the one that the writer saw (0 = whatever it is)."""

    rule: RuleWish
    version: Count = 0


class RuleOrder(Part, frozen=True):
    """Rules in the order of their turns; those not named come after them as they were."""

    ids: Annotated[list[Id], Meta(max_length=MAX_RULES)]


class RuleTrial(Part, frozen=True):
    """What would this rule have done to the last ``tickets`` tickets? Nothing is changed."""

    rule: RuleWish
    tickets: Annotated[int, Meta(ge=1, le=1_000)] = 200


class RuleHit(Part, frozen=True):
    """The rule would have fired on this ticket, and done this."""

    ticket: Id
    subject: str
    at: Millis
    would: list[str]


class RuleTried(Part, frozen=True):
    """How many tickets were looked at, and on which the rule would have fired, newest first."""

    looked: Count
    hits: list[RuleHit]


class WebhookState(Term):
    """How far a rule's call to another system has got."""

    waiting = "waiting"  # it is tried at once, or again later
    taken = "taken"  # the other system answered 2xx
    given_up = "given_up"  # it is not tried any more, unless somebody asks for it


class WebhookCard(Part, frozen=True):
    """A rule's call to another system: ``key`` is its id there, ``answer`` what came of the last try, in words.

    It was about a ticket or a chat (0 = the other one). ``next_at`` 0 = it is not tried any more.
    """

    id: Id
    state: WebhookState
    key: str
    url: str
    rule: Count
    rule_name: str
    event: str
    at: Millis
    ticket: Count = 0
    chat: Count = 0
    tries: Count = 0
    tried_at: Millis = 0
    next_at: Millis = 0
    answer: str = ""


class WebhookPage(Part, frozen=True):
    """The newest calls that have got so far, and how many there are, counted to MAX_COUNTED."""

    total: Count
    webhooks: list[WebhookCard]
