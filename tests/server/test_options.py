"""The server's settings: where they come from, what cannot be, and whom a proxy's word counts for."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentconsole.backend.addresses import bucket, client, joined, own_origin, secure
from agentconsole.backend.options import Options, Unusable, as_markdown, check, load, read

ROOT = Path(__file__).parents[2]


def test_flags_win_over_the_environment_and_that_over_defaults(tmp_path: Path) -> None:
    env = {"AGENTCONSOLE_PORT": "81", "AGENTCONSOLE_HOST": "127.0.0.2", "AGENTCONSOLE_TOKEN": "x"}
    options = load(["--port", "82", "--data", str(tmp_path)], env)
    assert (options.port, options.host, options.data) == (82, "127.0.0.2", tmp_path)
    assert options.message_burst == 10


def test_by_itself_it_is_for_this_machine_alone_and_keeps_sqlite_where_the_platform_keeps_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    options = check(load([], {}))
    assert (options.host, options.loopback) == ("127.0.0.1", True)
    assert options.data == tmp_path / "agentconsole"
    assert options.database_url == f"sqlite:///{tmp_path}/agentconsole/agentconsole.db"


def test_values_of_every_kind_are_read() -> None:
    env = {
        "AGENTCONSOLE_BEHIND_PROXY": "yes",
        "AGENTCONSOLE_FRAME_SITES": "https://a.example, https://b.example",
        "AGENTCONSOLE_MESSAGES_PER_SECOND": "2.5",
        "AGENTCONSOLE_DATABASE": "",
    }
    options = check(load([], env))
    assert options.behind_proxy is True
    assert options.frame_sites == ("https://a.example", "https://b.example")
    assert options.messages_per_second == 2.5
    assert options.database_url.startswith("sqlite:///")


@pytest.mark.parametrize("written", ["postgres://h/d", "postgresql://h/d", "postgresql+psycopg://h/d"])
def test_a_postgresql_address_may_be_written_as_people_write_it(written: str) -> None:
    assert Options(database=written).database_url == "postgresql+psycopg://h/d"


@pytest.mark.parametrize(
    "given",
    [
        {"port": "eighty"},
        {"port": "-1"},
        {"port": "65536"},
        {"messages_per_second": "0"},
        {"messages_per_second": "nan"},
        {"messages_per_second": "inf"},
        {"message_burst": "0"},
        {"behind_proxy": "perhaps"},
        {"tls_cert": "cert.pem"},
        {"tls_key": "key.pem"},
        {"tls_cert": "cert.pem", "tls_key": "key.pem", "behind_proxy": True},
        {"host": "0.0.0.0"},
        {"host": "chat.example.org"},
        {"trusted_proxies": "10.0.0.0/8 proxy"},
        {"database": "mysql://h/d"},
        {"database": "chats"},
        {"public_url": "https://example.org/chat"},
        {"frame_sites": "example.org"},
        {"frame_sites": "https://a.example;script-src *"},
        {"frame_sites": "*"},
        {"public_url": "chat.example.org"},
        {"log_level": "loud"},
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_with_a_sentence(given: dict[str, Any]) -> None:
    with pytest.raises(Unusable) as refused:
        check(read(given, {}))
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize(
    "given",
    [
        {"host": "localhost"},
        {"host": "::1"},
        {"host": "127.8.8.8"},
        {"host": "0.0.0.0", "behind_proxy": True},
        {"host": "::", "tls_cert": "cert.pem", "tls_key": "key.pem"},
        {"frame_sites": "https://*.example.org http://localhost:3000"},
    ],
    ids=str,
)
def test_what_can_be_is_let_through(given: dict[str, Any]) -> None:
    check(read(given, {}))


def test_the_documents_table_is_the_settings_own() -> None:
    text = (ROOT / "docs" / "settings.md").read_text()
    part = text.partition("<!-- server -->")[2].partition("<!-- /server -->")[0]
    assert as_markdown().strip() in part, "run: python -m agentconsole.backend.options"


# --- addresses -------------------------------------------------------------------------------------------------

PROXIED = Options(behind_proxy=True, trusted_proxies=("127.0.0.1", "10.0.0.0/8"))


@pytest.mark.parametrize(
    "peer, forwarded, found",
    [
        ("127.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "6.6.6.6, 203.0.113.9, 10.1.2.3", "203.0.113.9"),
        ("127.0.0.1", "6.6.6.6, nonsense, 10.1.2.3", "127.0.0.1"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "[2001:db8::1]", "2001:db8::1"),
        ("198.51.100.7", "203.0.113.9", "198.51.100.7"),
        ("::ffff:127.0.0.1", "::ffff:203.0.113.9", "203.0.113.9"),
    ],
)
def test_a_proxys_word_counts_only_if_it_is_trusted(peer: str, forwarded: str, found: str) -> None:
    headers = {"x-forwarded-for": forwarded, "x-forwarded-proto": "https"}
    assert client(peer, headers, PROXIED) == found
    assert client(peer, headers, Options()) == peer, "without a proxy the header is nothing"
    assert secure(peer, headers, PROXIED) is (peer != "198.51.100.7")
    assert secure(peer, headers, Options()) is False


def test_what_two_proxies_say_in_a_line_each_is_one_list() -> None:
    """The first line may be the visitor's own; a proxy that adds a line of its own adds it behind that."""
    lines = [
        ("X-Forwarded-For", "6.6.6.6"),
        ("X-Forwarded-For", "203.0.113.9"),
        ("X-FORWARDED-FOR", "10.1.2.3"),
    ]
    assert client("127.0.0.1", joined(lines), PROXIED) == "203.0.113.9"
    assert secure("127.0.0.1", joined([("X-Forwarded-Proto", "https")] * 2), PROXIED)
    assert not secure("127.0.0.1", {"x-forwarded-proto": "https, http"}, PROXIED)
    assert joined([("Host", "chat.example.org"), ("HOST", "evil.example")])["host"] != "evil.example"


def test_limits_count_ipv6_by_network() -> None:
    assert bucket("2001:db8::1") == bucket("2001:db8::ffff:1") == "2001:db8::/64"
    assert bucket("2001:db8:0:1::1") != bucket("2001:db8::1")
    assert bucket("203.0.113.9") == bucket("::ffff:203.0.113.9") == "203.0.113.9"


def test_the_servers_own_origin() -> None:
    host = {"host": "chat.example.org"}
    plain, public = Options(), Options(public_url="https://chat.example.org/")
    assert own_origin("http://chat.example.org", "127.0.0.1", host, plain)
    assert not own_origin("https://chat.example.org", "127.0.0.1", host, plain)
    assert own_origin("https://chat.example.org", "127.0.0.1", {"host": "internal"}, public)
    forwarded = host | {"x-forwarded-proto": "https"}
    assert own_origin("https://chat.example.org", "127.0.0.1", forwarded, PROXIED)
    for origin in ("null", "", "https://evil.example", "http://chat.example.org.evil.example"):
        assert not own_origin(origin, "127.0.0.1", host, plain)
    assert not own_origin("http://", "127.0.0.1", {}, plain)


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_header_makes_an_address_fall_over(forwarded: str, peer: str) -> None:
    bucket(client(peer, {"x-forwarded-for": forwarded}, PROXIED))
    own_origin(forwarded, peer, {"host": forwarded}, PROXIED)
