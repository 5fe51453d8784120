"""What operators measure: figures for Prometheus, never a text of people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric

from agentconsole.protocol import OPEN_STATES, MailState

from .auth import Auth
from .desk import Desk
from .hub import Hub
from .steps import Steps

KIND = "text/plain; version=0.0.4; charset=utf-8"


def figures(desk: Desk, hub: Hub, auth: Auth, outbox: Mapping[str, int], calls: Mapping[str, int]) -> bytes:
    """All figures of this moment, as Prometheus reads them.

    ``outbox`` is how many mails are in each state, ``calls`` how many webhooks wait or were given up.
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(desk, hub, auth, outbox, calls))
    return generate_latest(registry)


class _Figures:
    """Reads the counters where they are kept."""

    def __init__(
        self, desk: Desk, hub: Hub, auth: Auth, outbox: Mapping[str, int], calls: Mapping[str, int]
    ) -> None:
        self._desk, self._hub, self._auth, self._outbox, self._calls = desk, hub, auth, outbox, calls

    def collect(self) -> Iterator[Metric]:
        """Part of prometheus_client's collectors."""
        yield self._connections()
        yield self._chats()
        yield self._commands()
        yield self._mails()
        yield self._webhooks()
        writer = self._desk.writer
        yield _histogram("agentconsole_batch_commands", "Commands committed together.", writer.sizes)
        yield _histogram(
            "agentconsole_commit_seconds", "Seconds that a batch took, with its commit.", writer.seconds
        )
        yield CounterMetricFamily(
            "agentconsole_dropped_readers", "Sockets cut off because they read too slowly.", self._hub.cut
        )
        yield CounterMetricFamily("agentconsole_login_failures", "Refused logins.", self._auth.failures)

    def _connections(self) -> Metric:
        found = GaugeMetricFamily("agentconsole_connections", "Open sockets.", labels=["kind"])
        found.add_metric(["staff"], len(self._hub.staff))
        found.add_metric(["visitor"], len(self._hub.visitors))
        return found

    def _chats(self) -> Metric:
        found = GaugeMetricFamily("agentconsole_chats", "Open chats.", labels=["state"])
        counts = Counter(head.state for head in self._hub.board.heads.values())
        for state in sorted(OPEN_STATES):
            found.add_metric([state.value], counts[state])
        return found

    def _mails(self) -> Metric:
        found = GaugeMetricFamily("agentconsole_mails", "Mails to customers.", labels=["state"])
        for state in MailState:
            found.add_metric([state.value], self._outbox.get(state.value, 0))
        return found

    def _webhooks(self) -> Metric:
        found = GaugeMetricFamily(
            "agentconsole_webhooks", "Calls of rules to other systems.", labels=["state"]
        )
        for state, number in self._calls.items():
            found.add_metric([state], number)
        return found

    def _commands(self) -> Metric:
        found = CounterMetricFamily(
            "agentconsole_commands", "Commands by what became of them.", labels=["code"]
        )
        for code, number in sorted(self._desk.codes.items()):
            found.add_metric([code], number)
        return found


def _histogram(name: str, meaning: str, steps: Steps) -> Metric:
    buckets = [(f"{edge:g}", float(count)) for edge, count in steps.cumulative()]
    return HistogramMetricFamily(name, meaning, [*buckets, ("+Inf", float(steps.count))], steps.total)
