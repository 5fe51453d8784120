"""Waiting until a Textual app has done all that it was asked to, whatever else the machine does meanwhile."""

import asyncio
from typing import Any

import textual.app
import textual.pilot
from textual._context import active_app
from textual.app import App

RESIZE_S = 1 / 120


async def at_rest(app: App[Any]) -> None:
    """Wait until nothing is left to do for the event loop but to wait, and what changed is painted."""
    loop: Any = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(0)
        if loop._ready:
            continue
        if app._resize_timer is not None:  # resizes that come close together are one to the app
            await asyncio.sleep(RESIZE_S)
            continue
        if app.screen_stack:
            app.screen._on_timer_update()
        if not loop._ready:
            return


async def _idle(min_sleep: float = 0, max_sleep: float = 0) -> None:
    await at_rest(active_app.get())


async def _screen(pilot: textual.pilot.Pilot[Any], timeout: float = 0) -> bool:
    await at_rest(pilot.app)
    return pilot.app._exception is None


def install() -> None:
    """Pilots wait like this. Of themselves they send a message through every widget and back, and wait until the
    process has rested for 20 ms, which on a busy machine may take a second for each key."""
    textual.app.wait_for_idle = textual.pilot.wait_for_idle = _idle
    textual.pilot.Pilot._wait_for_screen = _screen
