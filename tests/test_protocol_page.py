"""docs/protocol.md says what the words say, and every word stands in it."""

import importlib.util
import typing
from pathlib import Path

import pytest

from agentconsole import protocol

TOOL = Path(__file__).parent.parent / "tools" / "protocol_page.py"


@pytest.fixture(scope="module")
def tool() -> object:
    spec = importlib.util.spec_from_file_location("protocol_page", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_made_from_the_words(tool: object) -> None:
    assert tool.PAGE.read_text() == tool.page(), "run `python tools/protocol_page.py`"


@pytest.mark.parametrize(
    "union",
    [
        protocol.VisitorCommand,
        protocol.VisitorFrame,
        protocol.StaffCommand,
        protocol.StaffFrame,
        protocol.What,
    ],
)
def test_every_word_stands_in_it_with_every_field(tool: object, union: object) -> None:
    page = tool.page()
    for word in typing.get_args(union):
        section = page.split(f"### `{word.__struct_config__.tag}`", 1)[1]
        for field in word.__struct_fields__:
            assert f"| `{field}` |" in section
