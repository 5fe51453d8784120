"""A reader gets what belongs to a conversation in order, also while its past is being read."""

from agentconsole.backend.domain.policy import Actor
from agentconsole.backend.readers import Reader, pack
from agentconsole.protocol import Side


def test_typing_does_not_overtake_the_lines_before_it() -> None:
    """Told at once it would come before the line that ended it: "is typing" would be taken back by an older line."""
    sent: list[bytes] = []
    reader = Reader(Actor(Side.visitor, 1), "", sent.append, lambda code, reason: None)
    assert reader.hold(7)
    reader.deliver(7, 3, pack(b"line"))
    reader.tell(7, pack(b"typing"))
    reader.tell(8, pack(b"typing elsewhere"))
    assert sent == [pack(b"typing elsewhere")]
    reader.release(7, 2)
    assert sent[1:] == [pack(b"line"), pack(b"typing")]
    reader.tell(7, pack(b"typing again"))
    assert sent[-1] == pack(b"typing again")
