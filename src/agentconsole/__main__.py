"""The command line: the console, or one of the words that import their half only when they are asked for."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # the real one costs the first picture a millisecond
if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

DESCRIPTION = """\
The console for agents and supervisors of a live-chat desk.

Everything else begins with a word, and explains itself with --help:
  agentconsole serve      run the server
  agentconsole admin      users, rights, departments, sessions
  agentconsole mail       mailboxes: what works; what became of mails
  agentconsole ticket     tickets from the shell: list, show, reply, set ...
  agentconsole rule       rules: list, show, set, try, on, off, remove
  agentconsole hours      a week of opening hours; expectations tested
  agentconsole busy       say that a call begins or ends, from a script
  agentconsole explain    say why a chat went to whom it went
  agentconsole simulate   visitors that are none, for training and load
  agentconsole demo       a server, visitors and the console, to look around"""

PRIVATE = 0o077  # what they write is for its owner alone, also in a folder that others may enter


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for; the answer is the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    other = OTHERS.get(words[0]) if words else None
    if other is None and words and not words[0].startswith("-"):
        _parser().error(f"there is no command {words[0]!r}; there are {', '.join(OTHERS)}")
    return other(words[1:]) if other else _console(words)


def _console(words: list[str]) -> int:
    from agentconsole import glimpse

    shown = glimpse.show(words, _guard)
    from agentconsole import console

    given = _parser().parse_args(words)
    flags = {"theme": given.theme} if given.theme else {}
    return console.run(server=given.server, user=given.user, flags=flags, words=words, shown=shown)


def _guard() -> None:
    from agentconsole import ending

    ending.guard(ending.leave_picture)


def _parser() -> argparse.ArgumentParser:
    import argparse

    from agentconsole import __version__

    words = argparse.ArgumentParser(
        prog="agentconsole",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    words.add_argument(
        "--server", default="", metavar="URL", help="address of the server, as https://chat.example.org"
    )
    words.add_argument("--user", default="", metavar="NAME", help="name to log in with")
    words.add_argument("--theme", default="", metavar="NAME", help="colour theme")
    words.add_argument("--version", action="version", version=f"agentconsole {__version__}")
    return words


def _busy(words: Sequence[str]) -> int:
    from agentconsole import busy

    return busy.main(words)


def _explain(words: Sequence[str]) -> int:
    from agentconsole import explain

    return explain.main(words)


def _hours(words: Sequence[str]) -> int:
    from agentconsole import hours

    return hours.main(words)


def _ticket(words: Sequence[str]) -> int:
    from agentconsole import ticket_line

    return ticket_line.main(words)


def _rule(words: Sequence[str]) -> int:
    from agentconsole import rule_line

    return rule_line.main(words)


def _serve(words: Sequence[str]) -> int:
    from agentconsole.backend import cli

    os.umask(PRIVATE)
    return cli.serve(words)


def _admin(words: Sequence[str]) -> int:
    from agentconsole.backend import cli

    os.umask(PRIVATE)
    return cli.admin(words)


def _mail(words: Sequence[str]) -> int:
    from agentconsole.backend import cli_mail

    os.umask(PRIVATE)
    return cli_mail.main(words)


def _simulate(words: Sequence[str]) -> int:
    from agentconsole import simulate

    return simulate.main(words)


def _demo(words: Sequence[str]) -> int:
    from agentconsole import demo

    return int(demo.main(words))


OTHERS: dict[str, Callable[[Sequence[str]], int]] = {
    "busy": _busy,
    "explain": _explain,
    "hours": _hours,
    "ticket": _ticket,
    "rule": _rule,
    "serve": _serve,
    "admin": _admin,
    "mail": _mail,
    "simulate": _simulate,
    "demo": _demo,
}

if __name__ == "__main__":
    sys.exit(main())
