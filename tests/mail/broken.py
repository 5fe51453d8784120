"""The server with a deliberate fault around sending: python -m tests.mail.broken FAULT OPTION...

resends   what was being sent when it stopped is sent again at its next start
forgets   it is left as it is, and nobody is told
"""

import sys

import msgspec

from agentconsole.__main__ import main
from agentconsole.backend.desk import desk
from agentconsole.backend.desk.made import Made
from agentconsole.backend.desk.mailing import RecoverMails
from agentconsole.backend.domain.policy import Actor
from agentconsole.backend.storage import mails
from agentconsole.backend.storage.chats import WorkingSet
from agentconsole.protocol import MailState


def _resends(sheet: WorkingSet, actor: Actor, command: RecoverMails, now: int) -> Made:
    for mail in mails.in_state(sheet.connection, [MailState.sending]):
        mails.save(sheet.connection, msgspec.structs.replace(mail, state=MailState.queued, next_at=now))
    return Made()


def _forgets(sheet: WorkingSet, actor: Actor, command: RecoverMails, now: int) -> Made:
    return Made()


FAULTS = {"resends": _resends, "forgets": _forgets}

if __name__ == "__main__":
    desk.PLAIN[RecoverMails] = FAULTS[sys.argv[1]]
    sys.exit(main(["serve", *sys.argv[2:]]))
