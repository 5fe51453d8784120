"""The REST resources, each a route in one table; the web framework stays outside."""

from . import (
    chats,
    customers,
    departments,
    files,
    filters,
    hours,
    lists,
    mails,
    rules,
    sessions,
    team,
    templates,
    tickets,
    visitors,
    webhooks,
)
from .calls import Call, Download, House, Problem, Route, Upload

ROUTES: tuple[Route, ...] = (
    *sessions.ROUTES,
    *departments.ROUTES,
    *hours.ROUTES,
    *lists.ROUTES,
    *chats.ROUTES,
    *team.ROUTES,
    *tickets.ROUTES,
    *files.ROUTES,
    *filters.ROUTES,
    *mails.ROUTES,
    *customers.ROUTES,
    *rules.ROUTES,
    *templates.ROUTES,
    *visitors.ROUTES,
    *webhooks.ROUTES,
)

__all__ = ["ROUTES", "Call", "Download", "House", "Problem", "Route", "Upload"]
