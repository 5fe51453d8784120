"""Writes docs/rights.md: who may do what, from the policy itself. `python tools/rights_page.py`."""

from __future__ import annotations

from pathlib import Path

from agentconsole.backend.domain.policy import RIGHTS, Deed, Reach, Who

PAGE = Path(__file__).parent.parent / "docs" / "rights.md"

INTRO = """\
# Who may do what

*Generated from `agentconsole.backend.domain.policy` by `python tools/rights_page.py`; a test holds the two together.*

A **role** is granted in one department or in all (`agentconsole admin user grant ann agent --department sales`). Somebody may have
several: supervisor of one department and agent of another is a supervisor only in the first. What no row allows is
forbidden. Every door asks the same table at each use: sockets, REST, lists, what is pushed, the team's figures.

What is not yours answers **exactly like what does not exist**, byte by byte. Who may read a chat, but not do this in it, is told why.

A right that ends, by a grant withdrawn, a user disabled, a chat handed to another department, a setting of the department, has
ended at once, also on open consoles. What the person wrote stays where it is, under their name.
"""

WORDS = {
    Reach.own: "own",
    Reach.assigned: "answers",
    Reach.taking_part: "takes part",
    Reach.reading: "open to them",
    Reach.called: "called",
    Reach.reachable: "department, called",
    Reach.department: "department",
    Reach.everywhere: "yes",
}
LEGEND = """\
| word | means |
|---|---|
| own | the visitor's own chat, proved by the token that the browser keeps |
| answers | chats that this person answers; feedback on them |
| takes part | chats that this person answers or has joined |
| called | chats that are offered to this person or to one of their departments, and those they are invited to |
| open to them | all of these; the waiting chats of their departments; their running chats too, if the department is open to colleagues (`team`) |
| department | everything of the departments in which the role is granted |
| department, called | that, and what they are called to or take part in elsewhere |
| yes | everywhere |
| - | no: as if it did not exist |
"""

DEEDS = {
    Deed.visit: "start a chat, write, rate, leave, fetch the transcript",
    Deed.see_queue: "see a waiting chat in the queue",
    Deed.read_chat: "read a conversation, live and later",
    Deed.see_preview: "see what the visitor types (while it waits: who may take it; then: who takes part or watches)",
    Deed.observe: "watch a running chat in silence, with the wall of all of them",
    Deed.take: "take a chat",
    Deed.take_over: "take a running chat over",
    Deed.join_chat: "join a running chat openly",
    Deed.answer: "write to the visitor",
    Deed.note: "write a private note",
    Deed.release: "give a chat back to the queue",
    Deed.close: "close a chat",
    Deed.reopen: "reopen a chat in wrap-up",
    Deed.transfer: "hand a chat over, take the offer back",
    Deed.force: "hand it over at once, without being accepted",
    Deed.decline: "decline an offer or an invitation",
    Deed.invite: "invite a colleague",
    Deed.ask_help: "call for help",
    Deed.end_help: "end a call for help",
    Deed.prioritise: "set a waiting chat's priority",
    Deed.explain: "read why a chat went where it went",
    Deed.whisper: "whisper to who answers",
    Deed.message: "write to a colleague",
    Deed.channel: "read and write in a department's channel",
    Deed.feedback_give: "give feedback",
    Deed.feedback_read: "read feedback (its author always)",
    Deed.feedback_acknowledge: "acknowledge feedback",
    Deed.customer_read: "read the customer card",
    Deed.customer_note: "write on the customer card",
    Deed.left_read: "read left messages",
    Deed.left_handle: "mark left messages as handled",
    Deed.set_own_status: "set one's own status, tell of a call, test the alerts",
    Deed.set_status: "set a colleague's status, tell of a call",
    Deed.set_member: "set an agent's limit, tier, languages, skills",
    Deed.ticket_read: "read tickets, their files and mails; see them in lists and counts",
    Deed.ticket_answer: "answer a ticket, write a note into it, take it",
    Deed.ticket_change: "change a ticket's status, assignee, department, priority, tags, subject; merge and split",
    Deed.ticket_add: "write a ticket down; make one of a chat",
    Deed.file_add: "upload a file for an answer or a note",
    Deed.customer_merge: "merge the cards of two e-mail addresses into one customer",
    Deed.filter_own: "save filters for tickets of their own",
    Deed.filter_department: "save filters for everybody of a department",
    Deed.set_rules: "write, order and try rules of a department",
    Deed.see_mail: "see the mails that go out, and the quarantine of those that came in",
    Deed.settle_mail: "send a mail again, withdraw it, release one from quarantine or throw it away",
    Deed.canned_own: "keep canned replies of one's own",
    Deed.canned_department: "change a department's canned replies",
    Deed.canned_everybody: "change everybody's canned replies",
    Deed.see_team: "see who is where",
    Deed.add_department: "add a department (who does becomes its supervisor)",
    Deed.set_department: "change a department, add everybody to it",
    Deed.administer: "users, grants, passwords, sessions, reasons for breaks, limits of the system",
    Deed.expire: "what the clock and the dispatcher do",
}
COLUMNS = {
    Who.visitor: "visitor",
    Who.agent: "agent",
    Who.supervisor: "supervisor",
    Who.analyst: "quality analyst",
    Who.admin: "administrator",
    Who.system: "operator's shell",
}

AFTER = """\
## Watching

A supervisor or analyst who opens a running chat of their department without taking part in it watches it. Nobody in the chat, no
colleague and no visitor can tell: no participant, no mark, no number, no time and no byte differs. Only the **audit log**
knows: `watch` and `watch_end` with who, which chat and when, `look` for a reading without following it, over REST or by paging back.
No socket and no REST resource shows the audit log to anybody; who runs the server reads the table `audit` of its database.

An agent who opens a colleague's chat, where the department allows it, is seen by who answers it, as *learning*. The same holds for
who opened the chat while it waited, or had a part in it and goes on reading.

## Administrators

An administrator runs the system and reads no conversation: no chat, no customer card, no left message, no feedback. They may read
the channels of departments, which colleagues write for each other. They give roles to others; nobody gives one to themselves.

## Figures

`/metrics` asks nobody who they are. It holds no text, but counts commands, also those of who watches: let the proxy keep it from
everybody but the monitoring, as [operating.md](operating.md) shows.
"""


def page() -> str:
    """The whole page."""
    heads = ["what", *COLUMNS.values()]
    rows = [heads, ["---", *("---" for _ in COLUMNS)]]
    for deed, words in DEEDS.items():
        reaches = RIGHTS[deed]
        rows.append([words, *(WORDS[reaches[who]] if who in reaches else "-" for who in COLUMNS)])
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return f"{INTRO}\n## The table\n\n{table}\n\n{LEGEND}\n{AFTER}"


if __name__ == "__main__":
    PAGE.write_text(page())
