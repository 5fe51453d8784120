"""The bench of ticket lists asks about all the tickets that it made."""

from bench.sizes import TINY
from bench.tickets import QUESTIONS, filled, lists


def test_every_question_is_measured_over_all_tickets() -> None:
    with filled(TINY) as (served, token):
        report = lists(served.url, token)
    fit = {figure.name: int(figure.note.split()[0].replace(",", "")) for figure in report.figures}
    assert fit.keys() == QUESTIONS.keys()
    assert fit["all, closed ones too"] == TINY.tickets
    assert 0 < fit["mine"] < fit["open the list"] < TINY.tickets
    assert 0 < fit["a word that many have"] < TINY.tickets
    assert fit["a word that nobody has"] == 0
