"""Templates of mails over REST, for who may change departments."""

from __future__ import annotations

from agentconsole.protocol import Code, TemplateCard, TemplateTrial, TemplateTried

from ..desk.automation import fields_of
from ..desk.templates import SetTemplate
from ..desk.ticketing import unknown_ticket
from ..domain import template
from ..domain.life import Refusal
from ..domain.policy import Deed, Thing, can
from ..storage import Connection, departments, templates, tickets
from .calls import Call, Route
from .departments import Outcome


async def _list(call: Call) -> list[TemplateCard]:
    def read(connection: Connection) -> list[TemplateCard]:
        slugs = {found.id: found.slug for found in departments.every(connection)}
        return [
            TemplateCard(
                found.kind, found.subject, found.text, slugs.get(found.department, ""), found.language
            )
            for found in templates.every(connection)
            if can(call.actor, Deed.set_department, Thing(department=found.department))
        ]

    return await call.house.database.read(read)


async def _set(call: Call) -> Outcome:
    wish: TemplateCard = call.body
    order = SetTemplate(wish.kind, wish.subject, wish.text, wish.department, wish.language)
    made = await call.house.desk.handle(call.actor, order)
    return Outcome(made.value.changed, made.value.text)


async def _try(call: Call) -> TemplateTried:
    trial: TemplateTrial = call.body
    wish = trial.template
    try:
        words = template.checked(wish.subject), template.checked(wish.text)
    except ValueError as error:
        raise Refusal(Code.invalid, str(error)) from None

    def read(connection: Connection) -> dict[str, str]:
        if not trial.ticket:
            return {}
        ticket = tickets.one(connection, trial.ticket)
        if ticket is None or not can(call.actor, Deed.ticket_read, Thing(department=ticket.department)):
            raise unknown_ticket()
        return fields_of(connection, ticket)

    facts = await call.house.database.read(read)
    if trial.answer:
        facts |= {"answer": trial.answer, "transcript": trial.answer}
    subject, text = (template.filled(each, facts) for each in words)
    return TemplateTried(" ".join(subject.split()), text, template.missing(" ".join(words), facts))


ROUTES = (
    Route(
        method="GET",
        path="/api/templates",
        handler=_list,
        summary="The templates of mails that I may change; where there is none, the built-in words are used.",
        answer=list[TemplateCard],
    ),
    Route(
        method="PUT",
        path="/api/templates",
        handler=_set,
        summary="Set the template of this department, kind and language; without a text it is removed.",
        body=TemplateCard,
        answer=Outcome,
        refusals=(Code.unknown, Code.invalid, Code.empty, Code.too_long),
    ),
    Route(
        method="POST",
        path="/api/templates/try",
        handler=_try,
        summary="How a template would read for a ticket, and which fields would have no value.",
        body=TemplateTrial,
        answer=TemplateTried,
        refusals=(Code.unknown, Code.invalid),
    ),
)
