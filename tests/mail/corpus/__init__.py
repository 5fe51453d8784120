"""Mails as they come in, each with what must become of it; nobody in them exists."""

from . import forged, machines, odd, replies
from .case import Case, Goes

CASES: list[Case] = [*replies.CASES, *machines.CASES, *odd.CASES, *forged.CASES]

__all__ = ["CASES", "Case", "Goes"]
