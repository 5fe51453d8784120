"""The desk: every command is decided, written and announced here, and nowhere else."""

from .desk import Desk
from .made import Change, Made, News

__all__ = ["Change", "Desk", "Made", "News"]
