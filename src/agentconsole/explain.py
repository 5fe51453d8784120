"""`agentconsole explain CHAT`: why a chat went to whom it went, and why not to each of the others."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from agentconsole import errands
from agentconsole.client import Http
from agentconsole.errands import Told
from agentconsole.protocol import Explanation

DESCRIPTION = """\
Say why a chat went to whom it went, and why not to each of the others: what the
dispatcher found when it decided, written down at that moment; and how it stands
now for a chat that waits."""


def main(words: Sequence[str]) -> int:
    """Run the command; the answer is the exit code."""
    known = errands.parser("explain", DESCRIPTION)
    known.add_argument("chat", type=int, help="the chat's number")
    return errands.run(known, words, _plan)


def _plan(given: argparse.Namespace) -> errands.Work:
    chat = given.chat

    async def work(http: Http) -> Told:
        found = await errands.ask(http, f"/api/chats/{chat}/explanations", list[Explanation])
        text = "\n\n".join(told(each) for each in found)
        nothing = "The dispatcher has not given this chat to anybody: it was taken by hand."
        return Told(text or nothing, {"done": True, "explanations": msgspec.to_builtins(found)})

    return work


def told(explanation: Explanation) -> str:
    """An explanation in lines; the time is this machine's."""
    at = datetime.fromtimestamp(explanation.at / 1_000, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    lines = [f"{at}  {explanation.text}"]
    lines.extend(f"  {reason.name}: {reason.text}" for reason in explanation.reasons)
    return "\n".join(lines)
