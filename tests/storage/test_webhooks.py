"""Calls to other systems in the database: whose they are, tried again by whom, and forgotten when."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from agentconsole import protocol as p
from agentconsole.backend.desk import slices
from agentconsole.backend.desk import webhooks as desk
from agentconsole.backend.desk.rules import PutRule, RemoveRule
from agentconsole.backend.desk.slices import GoOn
from agentconsole.backend.desk.ticketing import ExpireTicket
from agentconsole.backend.desk.webhooks import CallAgain, Called, ForgetCalls, ForgetFirings, mine
from agentconsole.backend.domain.policy import SYSTEM, Actor
from agentconsole.backend.storage import backlog, rules, webhooks
from agentconsole.backend.storage.database import Database
from agentconsole.backend.storage.ticket_tables import rule_firing, webhook_out
from agentconsole.backend.storage.webhooks import Webhook
from agentconsole.protocol import Code, RuleEvent, RuleWish, TicketStatus, WebhookState
from tests.storage.house import SALES, SUPPORT, House, new_cid

S = WebhookState
DAY = 86_400_000


def rule(house: House, department: int, *do: str) -> int:
    wish = RuleWish(
        "Tell", RuleEvent.ticket_created, list(do) or ["webhook https://x.example/y"], department=department
    )
    return house.do(SYSTEM, PutRule(wish)).about


def ticket(house: House, department: int = SALES) -> int:
    wish = p.NewTicket(new_cid(), department, "Order", "Where?", email="vera@shop.example")
    return house.do(SYSTEM, wish).about


def seen(house: House, actor: Actor, state: WebhookState = S.given_up) -> list[int]:
    return [
        hook.id
        for hook in house.database.read_now(lambda db: webhooks.in_state(db, state, mine(db, actor), 99))
    ]


def one(house: House, key: int) -> Webhook:
    found = house.database.read_now(lambda db: webhooks.one(db, key))
    assert found is not None
    return found


def count(house: House, table: Any) -> int:
    return len(house.database.read_now(lambda db: list(db.execute(table.select()))))


@pytest.fixture
def calls(house: House) -> House:
    """Three calls that were given up: 1 of a rule of sales, 2 of support, 3 of a rule for all."""
    for department in (SALES, SUPPORT, 0):
        key = rule(house, department)
        ticket(house, department or SALES)
        house.do(SYSTEM, RemoveRule(key))  # what it did, and whose it was, stays
    for key in (1, 2, 3):
        house.system(Called(key, False, "answered 500"))
    return house


def test_calls_are_seen_and_tried_again_by_who_may_set_their_rules(calls: House) -> None:
    assert (seen(calls, SYSTEM), seen(calls, calls.sue), seen(calls, calls.ann)) == ([3, 2, 1], [1], [])
    for actor, key in ((calls.sue, 2), (calls.sue, 3), (calls.ann, 1), (calls.sue, 99)):
        refused = calls.try_(actor, CallAgain(key)).refusal
        assert refused is not None
        assert refused.code is Code.unknown
    calls.now += DAY
    calls.do(calls.sue, CallAgain(1))
    found = one(calls, 1)
    assert (found.state, found.next_at, found.tries) == (S.waiting, calls.now, 0)
    calls.system(Called(1, False, "answered 500", calls.now + 9_000))
    calls.do(calls.sue, CallAgain(1))  # it waits: at once, and not as if it were the first time
    assert (one(calls, 1).next_at, one(calls, 1).tries) == (calls.now, 1)
    calls.system(Called(1, True, "answered 200"))
    refused = calls.try_(calls.sue, CallAgain(1)).refusal
    assert refused is not None
    assert refused.code is Code.not_now
    assert calls.database.read_now(webhooks.counts) == {"waiting": 0, "given_up": 2}
    assert (seen(calls, calls.sue), seen(calls, calls.sue, S.taken)) == ([], [1])


def test_all_of_mine_are_tried_again_at_once(calls: House) -> None:
    keys = [one(calls, key).key for key in (1, 2, 3)]
    assert calls.do(calls.ann, CallAgain()).value.changed is False
    assert calls.do(calls.sue, CallAgain()).value.text == "1 webhooks are tried again."
    assert seen(calls, SYSTEM) == [3, 2]
    calls.do(SYSTEM, CallAgain())
    assert seen(calls, SYSTEM, S.waiting) == [3, 2, 1]
    assert [one(calls, key).key for key in (1, 2, 3)] == keys  # the same call, for who gets it


def test_very_many_are_tried_again_in_slices(calls: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """One call in a transaction here, so that nobody waits for all of them; what is left is not forgotten."""
    monkeypatch.setattr(slices, "CALLS", 1)

    def go_on() -> list[list[int]]:
        found = []
        while left := calls.database.read_now(backlog.every):
            assert calls.try_(calls.sue, GoOn(left[0].work, left[0].about)).refusal is not None
            calls.system(GoOn(left[0].work, left[0].about))
            found.append(seen(calls, SYSTEM))
            assert len(found) < 99, "it comes to an end"
        return found

    assert calls.do(calls.ann, CallAgain()).value.changed is False
    assert not calls.database.read_now(backlog.every)
    done = calls.do(calls.sue, CallAgain()).value
    assert (done.changed, done.text) == (True, "All webhooks that were given up are tried again.")
    assert go_on()[-1] == seen(calls, SYSTEM) == [3, 2], "those of others stay as they are"
    calls.do(SYSTEM, CallAgain())
    assert seen(calls, SYSTEM) == [3]
    assert {each.after for each in calls.database.read_now(backlog.every)} == {2}, (
        "this is what a crash leaves"
    )
    assert go_on()[-1] == []
    assert seen(calls, SYSTEM, S.waiting) == [3, 2, 1]


def test_they_are_counted_further_than_they_are_shown(calls: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def total(actor: Actor, state: WebhookState = S.given_up) -> int:
        return calls.database.read_now(lambda db: webhooks.total(db, state, mine(db, actor)))

    assert [total(actor) for actor in (SYSTEM, calls.sue, calls.ann)] == [3, 1, 0]
    assert total(SYSTEM, S.waiting) == 0
    monkeypatch.setattr(webhooks, "MAX_COUNTED", 2)
    assert total(SYSTEM) == 2, "so long as that is no work"


def test_a_card_tells_nothing_of_what_was_told(calls: House) -> None:
    card = one(calls, 1).card
    assert (card.rule_name, card.event, card.ticket) == ("Tell", "ticket_created", 1)
    assert b"vera" not in p.encode(card)


def test_what_is_due_of_those_who_are_not_called_just_now(house: House) -> None:
    """A receiver is a host with its port, however its addresses go on; also one that is no address at all."""
    at = {
        "x.example": ["https://x.example/y", "http://X.example?z=/", "https://x.example#"],
        "x.example:8443": ["https://x.example:8443/y"],
        "[::1": ["http://[::1/"],
        "": ["http://"],
    }
    with house.database.writer_engine.begin() as connection:
        for url in (url for urls in at.values() for url in urls):
            webhooks.add(connection, Webhook(0, url, "{}", house.now))
    for receiver, urls in at.items():
        others = [each for each in at if each != receiver]
        found = house.database.read_now(lambda db, others=others: webhooks.due(db, house.now, 9, others))
        assert [hook.url for hook in found] == urls
        assert {hook.receiver for hook in found} == {receiver}
    assert [hook.id for hook in house.database.read_now(lambda db: webhooks.due(db, house.now, 2))] == [1, 2]


def test_calls_are_forgotten_when_they_are_long_over(calls: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "SLICE", 1)
    for key in (1, 2):
        calls.system(Called(key, True, "answered 200"))
    rule(calls, SALES)
    ticket(calls)  # 4 waits, for ever if need be
    refused = calls.try_(calls.sue, ForgetCalls()).refusal
    assert refused is not None

    def forget() -> list[bool]:
        return [calls.system(ForgetCalls()).value for _ in range(3)]

    calls.now += 30 * DAY
    assert (forget(), count(calls, webhook_out)) == ([False] * 3, 4)
    calls.now += 1
    assert (forget(), seen(calls, SYSTEM, S.taken), seen(calls, SYSTEM)) == ([True, True, False], [], [3])
    calls.now += 60 * DAY
    assert (forget(), seen(calls, SYSTEM), seen(calls, SYSTEM, S.waiting)) == ([True, False, False], [], [4])


def test_firings_are_forgotten_but_never_on_a_ticket_that_is_not_closed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "SLICE", 2)
    key = rule(house, 0, "tag seen")
    first, second, third = (ticket(house) for _ in range(3))
    with house.database.writer_engine.begin() as connection:
        rules.note(connection, p.RuleFiring(key, house.now, ["told"], chat=5))
    for each in (first, second):
        house.do(SYSTEM, p.SetTicket(new_cid(), each, status=TicketStatus.solved))
    house.now += 399 * DAY
    house.system(ExpireTicket(first))
    fresh = ticket(house)
    assert house.system(ForgetFirings(400)).value is False
    assert count(house, rule_firing) == 5
    house.now += DAY + 1
    assert [house.system(ForgetFirings(400)).value for _ in range(2)] == [True, False]
    kept = house.database.read_now(lambda db: [found.ticket for found in rules.firings(db, key, 9)])
    assert kept == [fresh, third, second]  # solved is not closed; the chat's are gone


@pytest.mark.one_engine
def test_calls_that_wait_are_found_without_a_look_at_those_that_are_over(
    sqlite_url: str, tmp_path: Path
) -> None:
    database = Database(sqlite_url, tmp_path)
    try:
        database.migrate()
        with database.writer_engine.connect() as connection:
            for state, index in ((S.waiting, "webhook_out_next"), (S.given_up, "webhook_out_given_up")):
                query = f"EXPLAIN QUERY PLAN SELECT count(*) FROM webhook_out WHERE {webhooks.WHERE[state]}"
                assert index in str(connection.exec_driver_sql(query).all())
            asked: list[tuple[Any, ...]] = []
            event.listen(connection, "before_cursor_execute", lambda *said: asked.append(said[2:4]))
            webhooks.due(connection, 1, 1, ["x.example"])
            statement, values = asked[0]
            plan = str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all())
            assert "webhook_out_next" in plan
            assert "TEMP" not in plan, "nor sorted"
    finally:
        database.close()
