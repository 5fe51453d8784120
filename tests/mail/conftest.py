"""What the tests of mail share: mail servers of both kinds, a server that has them, and the desk of the corpus."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journey.tls import Files, self_signed
from tests.mail.dovecot import Dovecot, prepared
from tests.mail.office import Office
from tests.mail.post_office import PostOffice, Street
from tests.mail.shop import shop
from tests.running import Running
from tests.storage.house import House, house

__all__ = ["house"]


@pytest.fixture
def post() -> Iterator[PostOffice]:
    """Where mails arrive; it outlives the server."""
    with Street() as found:
        yield found


@pytest.fixture
def server(tmp_path: Path, post: PostOffice) -> Iterator[Running]:
    """The real server, whose only department mails through that post office."""
    with shop(tmp_path, post) as found:
        yield found


@pytest.fixture(scope="package")
def dovecot() -> Iterator[Dovecot]:
    """Where customers' mails arrive; each test has a user of its own there."""
    with prepared() as found:
        found.start()
        yield found


@pytest.fixture
def office(house: House) -> Office:
    """The desk of the corpus, on a fresh database."""
    return Office(house)


@pytest.fixture(scope="package")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """The certificate of a mail server on this machine."""
    return self_signed(tmp_path_factory.mktemp("tls"), "office")


@pytest.fixture
def context(files: Files) -> ssl.SSLContext:
    """How that mail server encrypts."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(files.certificate, files.key)
    return context
