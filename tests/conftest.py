"""What every test shares: the databases, and the rule that a mandatory part may not be skipped."""

import gc
import os
from collections import defaultdict
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests import at_rest
from tests.databases import database_url, postgres_server, postgres_url, sqlite_url

__all__ = ["database_url", "postgres_server", "postgres_url", "sqlite_url"]

ENGINES = {"sqlite", "postgres"}
# Names of markers; a test that carries one of them fails where it would have been skipped.
MANDATORY = {name for name in os.environ.get("AGENTCONSOLE_MANDATORY", "").split(",") if name}

# `./dev check` is for between two edits: whole rooms that run a server or the screens wait for `./dev test`, and so do
# many seeds of races, and what runs pytest itself.
SLOW = {"screens", "server", "test_client.py", "test_driver.py", "test_links.py", "test_simulate.py"}
SLOW |= {"test_races.py", "test_mandatory.py"}
# And single ones that take seconds.
SLOW |= {"test_bench_tickets.py", "test_demo.py", "test_echo.py", "test_promises.py", "test_workers.py"}
QUICK = {"test_journey.py", "test_queue.py", "test_left.py"}

# A busy machine is no failure, and CI tries the same examples each time.
settings.register_profile(
    "agentconsole",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=os.environ.get("CI") == "true",
)
settings.load_profile("agentconsole")

at_rest.install()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow what `./dev check` leaves out."""
    for item in items:
        if _slow(item.path):
            item.add_marker(pytest.mark.slow)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """What is left out for being slow is not loaded either: that took as long as many of the others."""
    skipped = "not slow" in config.option.markexpr and _slow(collection_path)
    return True if skipped and collection_path.name.startswith("test_") else None


def _slow(path: Path) -> bool:
    return bool(SLOW & set(path.parts)) and path.name not in QUICK


def pytest_collection_finish() -> None:
    """Modules and tests are there until the end: looking for garbage among them again and again took a fifth of the
    screens' time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="module", autouse=True)
def _nothing_left_open() -> Iterator[None]:
    """What a module leaves open is told at its own end, and not in a test far away."""
    yield
    gc.collect()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn the skip of a mandatory test into its failure, and note on which database it ran."""
    report = yield
    marks = {mark.name for mark in item.iter_markers()}
    if report.skipped and not hasattr(report, "wasxfail") and (missing := marks & MANDATORY):
        report.outcome = "failed"
        report.longrepr = f"skipped, but {', '.join(sorted(missing))} is mandatory here: {report.longrepr}"
    callspec = getattr(item, "callspec", None)
    engine = callspec and callspec.params.get("database_url")
    if engine and call.when == "call" and not report.skipped and "one_engine" not in marks:
        report.user_properties.append(("ran_on", engine))
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Turn the skip of a whole module into an error where anything is mandatory."""
    report = yield
    if report.skipped and MANDATORY:
        report.outcome = "failed"
        report.longrepr = f"a module may not be skipped here: {report.longrepr}"
    return report


class BothEngines:
    """Counts, for each storage test, the databases on which it ran."""

    def __init__(self) -> None:
        self.ran: dict[str, set[str]] = defaultdict(set)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note the database of a test that ran, under the name that both its runs share."""
        for name, engine in report.user_properties:
            if name == "ran_on":
                self.ran[_without(str(engine), report.nodeid)].add(str(engine))

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail the run for every storage test that ran on one database only."""
        reporter: Any = session.config.pluginmanager.get_plugin("terminalreporter")
        for name, engines in sorted(self.ran.items()):
            if missing := ENGINES - engines:
                complaint = f"ran on {', '.join(engines)} only, not on {', '.join(missing)}"
                report = pytest.TestReport(name, (name, None, name), {}, "failed", complaint, "call")
                reporter.stats.setdefault("failed", []).append(report)
                session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _without(engine: str, nodeid: str) -> str:
    head, _, parameters = nodeid.partition("[")
    rest = [part for part in parameters.rstrip("]").split("-") if part != engine]
    return f"{head}[{'-'.join(rest)}]" if rest else head


def pytest_configure(config: pytest.Config) -> None:
    """Count databases where PostgreSQL is mandatory; with several workers, in the one that sums up."""
    if "postgres" in MANDATORY and not hasattr(config, "workerinput"):
        config.pluginmanager.register(BothEngines(), "both-engines")


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable() -> Generator[None, Any, Any]:
    """A failure that shows a lone surrogate must not take the worker down with it."""
    return _writable((yield))


def _writable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_writable(key): _writable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_writable(item) for item in value)
    return value
