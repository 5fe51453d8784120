"""Run by a console's Python before anything else, under the name sitecustomize: breaks one part of it.

AGENTCONSOLE_TEST_BREAK names the part, AGENTCONSOLE_TEST_BREAK_FROM a file: the part works until that file is there.
"""

import os
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

PARTS = {
    "painting": ("agentconsole.widgets.transcript", "Transcript", "render_line"),
    "key": ("agentconsole.screens.keyboard", "Keyboard", "press"),
    "worker": ("agentconsole.client", "Client", "customer"),
    "connection": ("agentconsole.store", "Store", "apply"),
    "clock": ("agentconsole.screens.main", "MainScreen", "tick"),
}
SECRET = "a text of a person"


def _breaking(works: Callable[..., Any], begins: Path) -> Callable[..., Any]:
    def either(*arguments: Any, **named: Any) -> Any:
        text = f"{SECRET} in a variable"
        if begins.exists():
            raise ZeroDivisionError(f"on \x1b[2J purpose, {len(text)}")
        return works(*arguments, **named)

    return either


if (part := os.environ.get("AGENTCONSOLE_TEST_BREAK")) is not None:
    module, owner, name = PARTS[part]
    whole = getattr(import_module(module), owner)
    setattr(whole, name, _breaking(getattr(whole, name), Path(os.environ["AGENTCONSOLE_TEST_BREAK_FROM"])))
