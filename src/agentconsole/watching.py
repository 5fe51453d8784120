"""What is true only while somebody watches: who learns from a chat, how long its visitor waits, why it went where."""

from __future__ import annotations

from agentconsole.protocol import Beat, Explanation, Learning, Pulse

EXPLAINED = 200


class Watching:
    """By chat: ``learners`` (names), ``beats`` and ``explanations``. A lost link ends the first two: they are of that
    moment alone."""

    def __init__(self) -> None:
        self.learners: dict[int, list[str]] = {}
        self.beats: dict[int, Beat] = {}
        self.explanations: dict[int, Explanation] = {}

    def link_lost(self) -> None:
        """Nobody knows any more who watches, and how long anybody waits."""
        self.learners.clear()
        self.beats.clear()

    def learning(self, frame: Learning) -> bool:
        """Who watches openly now; False if it tells nothing new."""
        before = self.learners.pop(frame.chat, [])
        if frame.names:
            self.learners[frame.chat] = frame.names
        return before != frame.names

    def pulse(self, frame: Pulse) -> bool:
        """How the running chats stand; False if it tells nothing new."""
        fresh = {beat.chat: beat for beat in frame.beats}
        changed = any(self.beats.get(chat) != beat for chat, beat in fresh.items())
        self.beats.update(fresh)
        return changed

    def explained(self, frame: Explanation) -> None:
        """Keep the newest explanation of a chat."""
        self.explanations.pop(frame.chat, None)
        self.explanations[frame.chat] = frame
        while len(self.explanations) > EXPLAINED:
            del self.explanations[next(iter(self.explanations))]

    def drop(self, chat: int) -> None:
        """The chat left my lists."""
        self.learners.pop(chat, None)
        self.beats.pop(chat, None)
