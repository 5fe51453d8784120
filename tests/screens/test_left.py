"""Left messages: list, reading pane, handled."""

from agentconsole.protocol import HandleLeft
from tests.screens.fed import START, desk, left


async def test_lists_open_messages_first_and_shows_the_whole_text() -> None:
    async with desk() as d:
        await d.feed(
            left(1, "old and done", handled_by="Robin", handled_at=START),
            left(2, "first line\nsecond line", topic="Prices"),
        )
        await d.press("l")
        rows = [row for row in d.screen if "first line" in row or "old and done" in row]
        assert "Prices · first line second line" in rows[0]
        assert d.sees("about Prices")
        assert d.sees("ana@example.org")
        assert any(row.strip() == "second line" for row in d.screen)


async def test_a_key_marks_as_handled_and_again_as_open() -> None:
    async with desk() as d:
        await d.feed(left(2))
        await d.press("l", "space")
        (first,) = d.sent
        assert first == HandleLeft(first.cid, 2, True)
        await d.feed(left(2, handled_by="Kim", handled_at=START))
        assert d.sees("✓ handled by Kim")
        await d.press("d")
        assert d.sent[-1].handled is False


async def test_none_says_so() -> None:
    async with desk() as d:
        await d.press("l")
        assert d.sees("No left messages.")
        await d.press("enter")
        assert d.sent == []
