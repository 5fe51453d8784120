"""A real IMAP server for the tests: Dovecot, with a configuration, users and a folder of its own."""

import contextlib
import imaplib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PASSWORD = "correct-horse"
SECONDS = 20.0
PROGRAM = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
CONFIG = """\
{users}
protocols = imap
base_dir = {home}/run
state_dir = {home}/run
log_path = {home}/log
listen = 127.0.0.1
ssl = yes
ssl_cert = <{home}/cert.pem
ssl_key = <{home}/key.pem
disable_plaintext_auth = no
auth_failure_delay = 0
mail_location = maildir:{home}/mail/%u
mail_uid = {user}
mail_gid = {group}
first_valid_uid = 1
first_valid_gid = 1
mailbox_idle_check_interval = 1s
{capability}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={home}/mail/%u
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
"""


class Dovecot:
    """A running server; every name is a user with PASSWORD and an empty mailbox."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port, self.tls_port = _free_ports(2)
        self.ca_file = str(home / "cert.pem")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, capability: str = "") -> None:
        """Start it, and wait until it answers; ``capability`` = what it says that it can ('' = all)."""
        root = os.geteuid() == 0
        user = "nobody" if root else pwd.getpwuid(os.geteuid()).pw_name
        entry = pwd.getpwnam(user)
        for name in ("run", "mail"):
            (self.home / name).mkdir(exist_ok=True)
        if root:
            shutil.chown(self.home / "mail", user)
        group = str(entry.pw_gid)
        own = f"default_internal_user = {user}\ndefault_login_user = {user}\ndefault_internal_group = {group}"
        config = self.home / "dovecot.conf"
        config.write_text(
            CONFIG.format(
                users="" if root else own,
                home=self.home,
                user=user,
                group=group,
                port=self.port,
                tls_port=self.tls_port,
                password=PASSWORD,
                capability=f"imap_capability = {capability}" if capability else "",
            )
        )
        self._process = subprocess.Popen(
            [str(PROGRAM), "-F", "-c", str(config)], stdin=subprocess.DEVNULL, start_new_session=True
        )
        deadline = time.monotonic() + SECONDS
        while True:
            try:
                imaplib.IMAP4("127.0.0.1", self.port).logout()
                return
            except (OSError, imaplib.IMAP4.error):
                if time.monotonic() > deadline or self._process.poll() is not None:
                    log = self.home / "log"
                    raise RuntimeError(log.read_text() if log.exists() else "dovecot did not start") from None
                time.sleep(0.05)

    def stop(self) -> None:
        """End it and everything that it started."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(signal.SIGTERM)
            process.wait(SECONDS)
            with contextlib.suppress(ProcessLookupError):  # who waits for mail takes ten seconds to notice
                os.killpg(process.pid, signal.SIGKILL)

    @contextmanager
    def mailbox(self, user: str, folder: str = "INBOX") -> Iterator[imaplib.IMAP4]:
        """A connection of a person who looks into a mailbox."""
        person = imaplib.IMAP4("127.0.0.1", self.port)
        try:
            person.login(user, PASSWORD)
            person.select(folder)
            yield person
        finally:
            person.logout()

    def deliver(self, user: str, *mails: bytes) -> None:
        """New mail comes."""
        with self.mailbox(user) as person:
            for raw in mails:
                person.append("INBOX", "", "", raw)

    def flags(self, user: str, folder: str = "INBOX") -> list[bytes]:
        """The flags of every mail in a folder, in order."""
        with self.mailbox(user, folder) as person:
            if not person.search(None, "ALL")[1][0]:
                return []
            _, answer = person.fetch("1:*", "(FLAGS)")
            return [each for each in answer if isinstance(each, bytes)]


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports: list[int] = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@contextmanager
def prepared() -> Iterator[Dovecot]:
    """A server with its certificate, not started yet; gone afterwards. Skips where there is no Dovecot."""
    if PROGRAM is None or shutil.which("openssl") is None:
        pytest.skip(
            "NO DOVECOT: fetching mail is not tested here (Debian: apt install dovecot-imapd openssl)"
        )
    home = Path(tempfile.mkdtemp(prefix="dovecot-"))  # short: a path of a Unix socket has 107 bytes
    home.chmod(0o755)
    make = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1"
    command = ["openssl", *make.split(), "-keyout", str(home / "key.pem"), "-out", str(home / "cert.pem")]
    subprocess.run(command, check=True, capture_output=True)
    server = Dovecot(home)
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(home)
