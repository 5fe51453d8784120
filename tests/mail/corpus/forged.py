"""Mails that claim what is not so: none of them may reach a ticket that their sender has no token of."""

from __future__ import annotations

from agentconsole.backend.domain.letter import Nature

from .case import ANNA, DESK, REPLY_ADDRESS, SENT, TOKEN, Case, Goes, answering, from_anna, mail

MALLORY = "mallory@example.test"
TEXT = "Please send me the whole history."


def _claims(name: str, head: str, goes: Goes, text: str = TEXT) -> Case:
    return Case(name, mail(head, text), goes, text)


def _by_mallory(head: str) -> str:
    return head.replace(f"From: Anna Berg <{ANNA}>", f"From: Anna Berg <{MALLORY}>")


WRONG = REPLY_ADDRESS.replace(TOKEN, TOKEN[::-1])
CASES = [
    _claims("from-of-another", from_anna("My parcel", "f1"), Goes.linked),
    _claims("number-in-the-subject", from_anna("Re: Parcel [#12]", "f2"), Goes.linked),
    _claims("number-by-a-stranger", _by_mallory(from_anna("Re: Parcel [#12]", "f3")), Goes.linked),
    _claims("reply-id-guessed", from_anna("Re: Parcel", "f4", more="In-Reply-To: <12@example.com>"), Goes.linked),
    _claims("token-wrong", from_anna("Re: Parcel", "f5", to=WRONG), Goes.linked),
    _claims("token-wrong-in-reference", from_anna("Re: Parcel", "f6", more=f"References: <t{TOKEN[::-1]}.1@example.com>"), Goes.linked),
    _claims("token-cut-short", from_anna("Re: Parcel", "f7", to=f"help+t{TOKEN[:9]}@example.com"), Goes.linked),
    _claims("token-in-the-text", from_anna("Re: Parcel", "f8"), Goes.linked, f"My token is {REPLY_ADDRESS} {SENT}"),
    _claims("token-in-the-subject", from_anna(f"Re: {REPLY_ADDRESS}", "f9"), Goes.linked),
    _claims("token-in-reply-to", from_anna("Hi", "f10", more=f"Reply-To: {REPLY_ADDRESS}"), Goes.linked),
    _claims("reply-to-of-another", from_anna("Hi", "f11", more=f"Reply-To: {MALLORY}"), Goes.linked),
    _claims("address-in-the-name", from_anna("Hi", "f12").replace("Anna Berg <" + ANNA, f'"{ANNA}" <{MALLORY}'), Goes.new),
    _claims("address-in-an-encoded-name", from_anna("Hi", "f13").replace("Anna Berg <" + ANNA, f"=?utf-8?Q?Anna_=3Canna=40example.org=3E?= <{MALLORY}"), Goes.new),
    Case("address-in-a-broken-name", mail(from_anna("Hi", "f22").replace("Anna Berg <" + ANNA, f"=?utf-8?Q?Anna_<{ANNA}>?= <{MALLORY}"), TEXT), Goes.quarantine),
    Case("forged-bounce", mail(from_anna("Undelivered Mail Returned to Sender", "f14").replace(ANNA, "mailer-daemon@example.test"), TEXT), Goes.dropped, nature=Nature.bounce),
    _claims("cc-of-another", _by_mallory(from_anna("Hi", "f15", more=f"Cc: {ANNA}")), Goes.new),
    _claims("desk-as-sender", from_anna("Hi", "f16").replace(ANNA, DESK), Goes.detained),
    _claims("header-in-subject", from_anna("=?utf-8?Q?a=0D=0ABcc:_v=40example.test?=", "f17"), Goes.linked),
    _claims("header-in-name", from_anna("Hi", "f18").replace("Anna Berg <", "=?utf-8?Q?a=0D=0ABcc:_v=40example.test?= <"), Goes.linked),
    _claims("token-in-capitals", answering("Re: Parcel", "f19").replace(REPLY_ADDRESS, REPLY_ADDRESS.upper()), Goes.ticket),
    _claims("token-in-delivered-to", from_anna("Re: Parcel", "f20", more=f"Delivered-To: {REPLY_ADDRESS}"), Goes.ticket),
    _claims("token-in-references-only", from_anna("Re: Parcel", "f21", more=f"References: <a@b.test> {SENT}"), Goes.ticket),
]  # fmt: skip
