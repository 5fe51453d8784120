"""A mail's HTML part says what its text says, and nothing that anybody wrote is markup in it."""

import re
from email import message_from_bytes, policy
from html.parser import HTMLParser
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentconsole.backend.compose import Enclosed, compose, text_of
from agentconsole.backend.mail.parse import parse
from agentconsole.backend.markup import page
from tests.hostile import HOSTILE

from .test_compose import MAIL

PLAIN = {
    "html": {},
    "head": {},
    "meta": {"charset": "utf-8"},
    "body": {},
    "br": {},
    "blockquote": {
        "type": "cite",
        "style": "margin:0 0 0 1ex;border-left:1px solid #cccccc;padding-left:1ex",
    },
    "div": {"dir": "auto"},
}
SIGNATURE = {"dir": "auto", "style": "color:#666666"}
PIECES = [
    *(
        "\n",
        "> ",
        ">",
        "-- \n",
        " ",
        "  ",
        "<",
        "</div>",
        "&amp;",
        "&",
        '"',
        "'",
        "(",
        ")",
        ".",
        "\u202e",
        "ø",
    ),
    *(
        "https://x.example/a?b=1&c=%3C",
        "HTTP://x.example",
        "https://",
        "javascript:alert(1)",
        "https://[",
        "@",
    ),
    *("<script>", '" onclick="x', "<!--", "]]>", "<img src=https://x.example/>", "https://a@b.example"),
    *(hostile.text for hostile in HOSTILE),
]
texts = st.one_of(st.text(max_size=200), st.lists(st.sampled_from(PIECES), max_size=12).map("".join))


class Shown(HTMLParser):
    """What a mail program makes of a page: its text, its links; whatever was not to be there is ``wrong``."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text, self.wrong, self.depth = "", [], 0
        self.links: list[list[str]] = []
        self.inside = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a":
            self.links.append([str(given.pop("href")), ""])
            self.inside = True
            if given != {"dir": "ltr", "rel": "noopener noreferrer"}:
                self.wrong.append((tag, attrs))
        elif given != PLAIN.get(tag) and not (tag == "div" and given == SIGNATURE):
            self.wrong.append((tag, attrs))
        self.depth += tag == "blockquote"

    def handle_endtag(self, tag: str) -> None:
        self.inside = False

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.inside:
            self.links[-1][1] += data

    def handle_comment(self, data: str) -> None:
        self.wrong.append(("comment", data))

    def handle_pi(self, data: str) -> None:
        self.wrong.append(("pi", data))

    def unknown_decl(self, data: str) -> None:
        self.wrong.append(("declaration", data))


def dense(text: str) -> str:
    """Without spaces, and without the signs of quotes that begin a line."""
    return "".join(re.sub(r"^(?:> ?)+", "", text, flags=re.MULTILINE).split())


def both(text: str, **more: Any) -> tuple[str, Shown]:
    """The text of a mail that goes out, and what its HTML shows."""
    raw = compose(msgspec.structs.replace(MAIL, text=text, html=True, **more))
    found: Any = message_from_bytes(raw, policy=policy.default)
    return text_of(raw), Shown(found.get_body(("html",)).get_content())


@given(text=texts)
def test_both_parts_say_the_same_and_nothing_in_it_is_markup(text: str) -> None:
    said, shown = both(text)
    assert shown.wrong == []
    assert dense(shown.text) == dense(said)
    for leads, words in shown.links:
        assert leads == words
        assert re.match("https?://[^/@]+(/|$|[?#])", leads, re.IGNORECASE)


@pytest.mark.parametrize(
    "text, links",
    [
        ("See https://x.example/a?b=1&c=2.", ["https://x.example/a?b=1&c=2"]),
        ("(https://x.example/a_(b)) or http://y.example!", ["https://x.example/a_(b)", "http://y.example"]),
        ("> https://x.example", ["https://x.example"]),
        ("https://x.example/?a=1&copy=2&lt;", ["https://x.example/?a=1&copy=2&lt"]),
        ("javascript:alert(1) ftp://x.example www.x.example https:// https://[ https://bank@x.example", []),
    ],
)
def test_a_link_leads_where_it_says(text: str, links: list[str]) -> None:
    assert [leads for leads, _ in both(text)[1].links] == links


def test_lines_quotes_and_signature_look_as_they_are_meant() -> None:
    text = "Hello  Vera,\n\n> old\n> > older\nyes\n-- \nThe shop\n> motto"
    html = page(text, 'nb"><b>')
    body = html[html.index("<body>") : html.index("</body>")]
    assert '<html lang="nb&quot;&gt;&lt;b&gt;">' in html
    assert '<div dir="auto">Hello\u00a0 Vera,<br>\n</div>' in body
    assert [re.sub("<[^>]*>", "", line) for line in body.split("\n")[3:7]] == [
        "old",
        "older",
        "yes",
        "-- ",
    ]
    assert body.count("<blockquote") == body.count("</blockquote>") == 3
    assert body.index("color:#666666") < body.index("The shop<br>\n&gt; motto")


@pytest.mark.parametrize("files", [(), (Enclosed("a.pdf", "application/pdf", b"%PDF-1"),)])
def test_programs_read_one_text_and_the_files(files: tuple[Enclosed, ...]) -> None:
    raw = compose(
        msgspec.structs.replace(MAIL, text="Hei på deg\n\nhttps://x.example", html=True, files=files)
    )
    found: Any = message_from_bytes(raw, policy=policy.default)
    kinds = [part.get_content_type() for part in found.walk()]
    words = ["multipart/alternative", "text/plain", "text/html"]
    assert kinds == (["multipart/mixed", *words, "application/pdf"] if files else words)
    assert [part.get_filename() for part in found.iter_attachments()] == [file.name for file in files]
    letter = parse(raw)
    assert letter.text == "Hei på deg\n\nhttps://x.example"
    assert [(file.name, file.data) for file in letter.files] == [(file.name, file.data) for file in files]
    assert max(map(len, raw.split(b"\r\n"))) <= 78
