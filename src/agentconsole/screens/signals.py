"""What the console sends to the terminal beside its picture: bell, notification, window title."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from agentconsole import alerts
from agentconsole.settings import Settings
from agentconsole.store import Store
from agentconsole.views import News


class Signals:
    """Turns the store's news into bytes for the terminal; ``write`` is the driver's door for them."""

    def __init__(self, store: Store, settings: Settings, write: Callable[[bytes], object]) -> None:
        self.store = store
        encoding = getattr(sys.__stdout__, "encoding", None) or "utf-8"
        tty = alerts.detect(os.environ, settings.alerts.protocol, encoding)
        self.alerter = alerts.Alerter(settings.alerts, tty)
        self._write = write
        self._title = ""

    def begin(self) -> None:
        """Have the terminal keep the title it has."""
        self._send(alerts.push_title(self.alerter.tty))

    def send(self, looking_at: int, now: int) -> list[News]:
        """Write what is due; ``looking_at`` is the chat under the agent's eyes (0 = none). Returns what happened."""
        news = self.store.take_news()
        self.alerter.hear(news, looking_at)
        self._send(self.alerter.due(now))
        title = alerts.window_title(self.store.counts(), self.alerter.headline)
        if title != self._title:
            self._title = title
            self._send(alerts.set_title(self.alerter.tty, title))
        return news

    def looked(self) -> None:
        """The agent is here."""
        self.alerter.looked()

    def test(self) -> None:
        """One of each."""
        self._title = ""
        self._send(alerts.sample(self.alerter.tty))

    def _send(self, data: bytes) -> None:
        if data:
            self._write(data)
