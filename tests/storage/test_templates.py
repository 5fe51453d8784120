"""The words of mails to customers: whose hold, what they may say, and who may set them."""

from typing import Any

import pytest

from agentconsole import protocol as p
from agentconsole.backend.desk.templates import SetTemplate
from agentconsole.backend.domain.policy import SYSTEM
from agentconsole.backend.storage import templates
from agentconsole.protocol import Code, MailKind
from tests.storage.house import SALES, SUPPORT, House
from tests.storage.test_posting import answered, left, raw, set_mailing, shop

__all__ = ["shop"]


def words(house: House, department: int = SALES, language: str = "nb") -> str:
    """The text of acknowledgements."""
    kind = MailKind.acknowledgement
    return house.database.read_now(lambda db: templates.text_for(db, department, kind, language)).text


def set_(house: House, text: str, **fields: Any) -> None:
    """Set the acknowledgement."""
    house.system(SetTemplate(MailKind.acknowledgement, "Thanks", text, **fields))


def test_the_nearest_words_hold(house: House) -> None:
    built_in = words(house)
    assert "meldingen" in built_in
    set_(house, "all")
    set_(house, "all, nb", language="nb")
    assert (words(house), words(house, language="de"), words(house, SUPPORT)) == ("all, nb", "all", "all, nb")
    set_(house, "sales", department="sales")
    assert (words(house), words(house, SUPPORT)) == ("sales", "all, nb")
    set_(house, "sales, nb", department="sales", language="nb")
    assert (words(house), words(house, language="de")) == ("sales, nb", "sales")
    for fields in (
        {"department": "sales", "language": "nb"},
        {"department": "sales"},
        {"language": "nb"},
        {},
    ):
        set_(house, "", **fields)
    assert words(house) == built_in


def test_a_template_words_the_mail(shop: House) -> None:
    set_mailing(shop, acknowledge=True)
    set_(shop, "Number {ticket.number}, {customer.name}|{ticket.subject}.\n{signature}")
    key, found = left(shop, name="Spam-name", text="Spam-text {signature}")
    assert raw(shop, found[0]).get_content().splitlines() == [f"Number {key}, |.", "-- ", "Kind regards"]
    text = "Hi {customer.name},\n{answer}\n{agent.name}"
    shop.system(SetTemplate(MailKind.answer, "[{ticket.number}] {ticket.subject}", text))
    key, mail = answered(shop, text="{signature} is no field here")
    assert mail.subject == f"[{key}] The parcel"
    assert "{signature} is no field here" in raw(shop, mail).get_content()


@pytest.mark.parametrize(
    "fields, code",
    [
        ({"text": "x", "subject": ""}, Code.empty),
        ({"text": "x {customer.nme}", "subject": "x"}, Code.invalid),
        ({"text": "x", "subject": "{secret}"}, Code.invalid),
        ({"text": "no answer", "subject": "x", "kind": MailKind.answer}, Code.invalid),
        ({"text": "x" * 10_001, "subject": "x"}, Code.too_long),
        ({"text": "x", "subject": "x", "language": "english"}, Code.invalid),
        ({"text": "x", "subject": "x", "department": "nowhere"}, Code.unknown),
    ],
)
def test_what_cannot_be_is_refused(house: House, fields: dict[str, Any], code: Code) -> None:
    refusal = house.try_(SYSTEM, SetTemplate(**{"kind": MailKind.solved, **fields})).refusal
    assert refusal is not None
    assert refusal.code is code


def test_a_supervisor_sets_the_words_of_the_own_department(house: House) -> None:
    assert house.do(house.sue, SetTemplate(MailKind.solved, "x", "y", "sales")).value.changed
    assert not house.do(house.sue, SetTemplate(MailKind.solved, "x", "y", "sales")).value.changed
    for who, department in ((house.sue, "support"), (house.sue, ""), (house.ann, "sales")):
        refusal = house.try_(who, SetTemplate(MailKind.solved, "x", "y", department)).refusal
        assert refusal is not None
        assert refusal.code is p.Code.unknown
