"""The words of `agentconsole admin webhook`: calls that rules made, tried again, and what they are signed with."""

from __future__ import annotations

import argparse
import time
from typing import Any

from .cli import add_verb, asked, shaped


def webhook_words(words: argparse.ArgumentParser) -> None:
    """Add secret, list and again."""
    verbs = words.add_subparsers(metavar="VERB", required=True)
    secret = add_verb(
        verbs, "secret", asked("ShowWebhookSecret"), "Show what they are signed with (docs/rules.md)."
    )
    secret.set_defaults(line=lambda row: [row["secret"]])
    listed = add_verb(verbs, "list", asked("ListWebhooks"), "Calls that were given up, or in another state.")
    listed.add_argument("--state", choices=("given_up", "waiting", "taken"), help="given_up if not said")
    listed.set_defaults(line=_line)
    again = add_verb(verbs, "again", shaped("webhooks", "CallAgain"), "Try a call again that was given up.")
    which = again.add_mutually_exclusive_group(required=True)
    which.add_argument("webhook", nargs="?", type=int, help="its number, as list shows it")
    which.add_argument("--all", action="store_true", help="all that were given up")


def _line(row: dict[str, Any]) -> list[str]:
    at = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(row["at"] / 1_000))
    about = f"ticket {row['ticket']}" if row["ticket"] else f"chat {row['chat']}"
    return [
        str(row["id"]),
        f"{at} UTC",
        row["rule_name"],
        about,
        row["url"],
        row["answer"] or "not tried yet",
    ]
