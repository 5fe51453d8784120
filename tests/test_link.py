"""The link in words: silence from the third second on, latency by class."""

from __future__ import annotations

from agentconsole.link import Latency, Link, LinkState

NOW = 1_800_000_000_000


def test_silence_counts_from_the_third_second_and_only_while_an_answer_is_due() -> None:
    link = Link()
    link.enter(LinkState.connecting, NOW)
    assert link.words(NOW) == "connecting"
    assert link.words(NOW + 3_000) == "no connection for 3 s"
    link.welcomed("run-1", NOW + 3_500)
    link.measured(20)
    assert link.words(NOW + 60_000) == "link quick"
    link.asked(NOW + 6_000)
    assert link.silent_s(NOW + 6_499) == 0
    assert link.words(NOW + 6_500) == "no answer for 3 s"
    assert link.words(NOW + 9_499) == "no answer for 5 s"
    link.enter(LinkState.connecting, NOW + 10_000, "gone")
    assert link.words(NOW + 10_500) == "no answer for 7 s"
    link.heard(NOW + 11_000)
    assert link.silent_s(NOW + 11_000) == 0


def test_a_clock_put_back_does_not_confuse_the_link() -> None:
    link = Link()
    link.welcomed("run-1", NOW)
    link.asked(NOW)
    assert link.quiet_ms(NOW - 3_600_000) == 0
    assert link.quiet_ms(NOW - 3_600_000 + 2_000) == 2_000


def test_the_latency_class_changes_only_when_it_really_does() -> None:
    link = Link()
    assert link.measured(100)
    assert link.latency is Latency.quick
    assert not link.measured(149)
    assert link.measured(150)
    assert link.latency is Latency.fair
    assert not link.measured(130)
    assert link.measured(119)
    assert link.latency is Latency.quick
    assert link.measured(9_000)
    assert link.latency is Latency.very_slow
