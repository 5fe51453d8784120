"""The REST resources, each a route in one table; the web framework stays outside."""

from . import chats, departments, lists, sessions, team, visitors
from .calls import Call, Download, House, Problem, Route

ROUTES: tuple[Route, ...] = (
    *sessions.ROUTES,
    *departments.ROUTES,
    *lists.ROUTES,
    *chats.ROUTES,
    *team.ROUTES,
    *visitors.ROUTES,
)

__all__ = ["ROUTES", "Call", "Download", "House", "Problem", "Route"]
