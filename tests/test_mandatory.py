"""Where a part is mandatory, a skipped test and a test that ran on one database only are failures."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_house import ROOT

SKIPPED = """
import pytest

@pytest.mark.browser
def test_page():
    pytest.skip("no Chromium")

@pytest.mark.terminal
@pytest.mark.skipif(True, reason="no tmux")
def test_terminal():
    pass

def test_other():
    pytest.skip("not today")
"""

ONE_ENGINE = """
import pytest

@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request):
    return request.param

def test_both(database_url):
    pass

@pytest.mark.parametrize("size", [1, 2])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_one(database_url, size):
    pass

@pytest.mark.one_engine
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_about_sqlite(database_url):
    pass
"""

WHOLE_MODULE = """
import pytest

pytest.skip("no such library", allow_module_level=True)
"""


def run(folder: Path, code: str, mandatory: str, *arguments: str) -> tuple[int, str]:
    """The exit code and closing line of a pytest that runs this code under the rules of our conftest."""
    (folder / "test_it.py").write_text(code)
    command = [sys.executable, "-m", "pytest", "-p", "xdist.plugin", "-p", "tests.conftest", "-c", os.devnull]
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "AGENTCONSOLE_MANDATORY": mandatory,
    }
    done = subprocess.run(
        [*command, "--rootdir", folder, folder, "--disable-warnings", "-p", "no:cacheprovider", *arguments],
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment,
        check=False,
    )
    return done.returncode, done.stdout.splitlines()[-1]


def test_a_skip_is_a_skip_where_nothing_is_mandatory(tmp_path: Path) -> None:
    code, closing = run(tmp_path, SKIPPED, "")
    assert code == 0
    assert "3 skipped" in closing


def test_a_skip_of_a_mandatory_part_is_a_failure(tmp_path: Path) -> None:
    code, closing = run(tmp_path, SKIPPED, "browser,terminal")
    assert code == 1
    assert "1 failed, 1 skipped" in closing
    assert "1 error" in closing


def test_a_whole_module_may_not_be_skipped_either(tmp_path: Path) -> None:
    assert run(tmp_path, WHOLE_MODULE, "")[0] == 5
    code, closing = run(tmp_path, WHOLE_MODULE, "browser")
    assert code == 2
    assert "1 error" in closing


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "two-workers"])
def test_a_storage_test_on_one_database_is_a_failure(tmp_path: Path, workers: tuple[str, ...]) -> None:
    code, closing = run(tmp_path, ONE_ENGINE, "postgres", *workers)
    assert code == 1
    assert "2 failed, 5 passed" in closing
    assert run(tmp_path, ONE_ENGINE, "", *workers)[0] == 0
