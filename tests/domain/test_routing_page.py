"""docs/routing.md speaks of everything that a supervisor can choose or be told."""

import re
from pathlib import Path

from agentconsole.backend.domain.explanation import POLICIES
from agentconsole.protocol import AGEING_MS, Routing, Verdict

PAGE = (Path(__file__).parents[2] / "docs" / "routing.md").read_text()


def test_every_policy_has_its_line() -> None:
    assert POLICIES.keys() == set(Routing)
    rows = re.findall(r"^\| ([a-z -]+) \|", PAGE.split("3. **The policy**")[1], re.MULTILINE)
    assert rows[1 : 1 + len(POLICIES)] == list(POLICIES.values())


def test_every_verdict_is_explained() -> None:
    named = set(re.findall(r"`([a-z_]+)`", PAGE))
    assert {str(verdict) for verdict in Verdict} <= named


def test_the_ageing_is_the_codes_own() -> None:
    assert f"× {AGEING_MS:,} " in PAGE
