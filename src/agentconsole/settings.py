"""The console's settings: one struct, one sentence per field; read from a TOML file, the environment and flags."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, get_type_hints

from platformdirs import user_config_path

KINDS = ("bell", "notify", "title")

_PREFIX = "AGENTCONSOLE_"


def _set(help: str, default: Any, choices: tuple[str, ...] = ()) -> Any:
    return field(default=default, metadata={"help": help, "choices": choices})


@dataclass(frozen=True)
class Alerts:
    """Which signals each event gives: any of bell, notify (a desktop notification through the terminal), title."""

    waiting: tuple[str, ...] = _set("A new chat waits in one of my queues.", KINDS, KINDS)
    assigned: tuple[str, ...] = _set("A chat became mine without my taking it here.", KINDS, KINDS)
    line: tuple[str, ...] = _set(
        "The visitor wrote in a chat of mine that I am not looking at.", ("bell", "title"), KINDS
    )
    left_message: tuple[str, ...] = _set("A visitor left a message.", ("title",), KINDS)
    link_lost: tuple[str, ...] = _set("The server does not answer any more.", ("bell", "title"), KINDS)
    ring: tuple[str, ...] = _set("A chat rings with everybody of a department of mine.", KINDS, KINDS)
    offered: tuple[str, ...] = _set("A chat is given to me and waits for my answer.", KINDS, KINDS)
    transfer: tuple[str, ...] = _set("A colleague hands a chat to me.", KINDS, KINDS)
    transfer_department: tuple[str, ...] = _set(
        "A colleague hands a chat to everybody of a department of mine.", KINDS, KINDS
    )
    invited: tuple[str, ...] = _set("A colleague asks me to join a chat.", KINDS, KINDS)
    help: tuple[str, ...] = _set("An agent calls for the supervisors of a department.", KINDS, KINDS)
    whisper: tuple[str, ...] = _set(
        "Somebody who supervises a chat of mine whispers to me.", ("bell", "title"), KINDS
    )
    message: tuple[str, ...] = _set(
        "A colleague wrote to me, or into a channel of mine.", ("bell", "title"), KINDS
    )
    feedback: tuple[str, ...] = _set("I was given feedback on a chat.", ("title",), KINDS)
    status_changed: tuple[str, ...] = _set(
        "Somebody else, or the system, changed my status.", ("bell", "notify", "title"), KINDS
    )
    protocol: str = _set(
        "How notifications are written: auto finds out from the environment, the others force it.",
        "auto",
        ("auto", "osc9", "osc777", "osc99"),
    )


@dataclass(frozen=True)
class Settings:
    """All settings of the console."""

    server: str = _set("Address of the server, such as https://chat.example.org.", "")
    user: str = _set("Name to log in with.", "")
    theme: str = _set("Name of the colour theme; auto suits the terminal.", "auto")
    clock_24h: bool = _set("Show times as 14:02; false shows 2:02 pm.", True)
    send_key: str = _set(
        "Key that sends what stands in the composer; the other one then begins a new line.",
        "enter",
        ("enter", "ctrl+j"),
    )
    ascii: bool = _set("Draw with ASCII alone, also in a UTF-8 terminal.", False)
    animations: bool = _set("Let things move; false suits slow links.", False)
    mouse: bool = _set("Let the mouse act; false leaves it to the terminal for selecting text.", True)
    away_after_min: int = _set(
        "After so many minutes without a key or the mouse, go on break with the reason 'No input'; 0 never does.",
        0,
    )
    alerts: Alerts = field(default_factory=Alerts)
    keys: Mapping[str, tuple[str, ...]] = field(
        default_factory=dict,
        metadata={
            "help": "Other keys for an action: its id, then one key or a list; an empty list takes its keys away."
        },
    )


@dataclass(frozen=True)
class Loaded:
    """Settings in force and, as sentences, what in them could not be used (defaults stand in for that)."""

    settings: Settings
    problems: tuple[str, ...] = ()


def settings_path() -> Path:
    """Where the settings file lies (it need not exist)."""
    return user_config_path("agentconsole") / "console.toml"


def load(
    path: Path | None = None,
    env: Mapping[str, str] | None = None,
    flags: Mapping[str, object] | None = None,
) -> Loaded:
    """Defaults, then the file, then AGENTCONSOLE_* variables, then flags (names of fields; None = not given).

    Never fails: what cannot be used is left out and told in ``problems``.
    """
    path = path or settings_path()
    problems: list[str] = []
    given = _read(path, problems)
    settings = _apply(Settings(), given, f"{path}: ", "", problems)
    settings = _from_environment(settings, os.environ if env is None else env, problems)
    named = {name: value for name, value in (flags or {}).items() if value is not None}
    return Loaded(_apply(settings, named, "", "--", problems), tuple(problems))


def keep(name: str, value: str | bool, path: Path | None = None) -> None:
    """Write one top-level setting into the file; everything else in it stays as it is.

    Raises ValueError with a sentence if the file is broken, OSError if it cannot be written.
    """
    path = path or settings_path()
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path} is not valid TOML ({error}). Mend that line first.") from error
    lines = text.splitlines()
    ends = next((n for n, line in enumerate(lines) if line.lstrip().startswith("[")), len(lines))
    line = f"{name} = {_toml(value)}"
    for number in range(ends):
        if re.match(rf"\s*{re.escape(name)}\s*=", lines[number]):
            lines[number] = line
            break
    else:
        lines.insert(0, line)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text("\n".join(lines) + "\n", encoding="utf-8")
    os.replace(fresh, path)


def as_markdown() -> str:
    """The console's part of docs/settings.md."""
    rows = ["| setting | default | environment | meaning |", "|---|---|---|---|"]
    for owner, section in ((Settings, ""), (Alerts, "alerts.")):
        for item in fields(owner):
            if item.name == "alerts":
                continue
            variable = f"`{_PREFIX}{(section + item.name).replace('.', '_').upper()}`"
            choices = item.metadata.get("choices", ())
            meaning = item.metadata["help"] + (
                f" One of: {', '.join(choices)}." if choices and owner is Settings else ""
            )
            default = "" if item.name == "keys" else f"`{_toml(item.default)}`"
            rows.append(
                f"| `{section}{item.name}` | {default} | {'' if item.name == 'keys' else variable} | {meaning} |"
            )
    return "\n".join(rows) + "\n"


def _read(path: Path, problems: list[str]) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        problems.append(f"{path} cannot be read ({error}); the console runs with its defaults.")
    except tomllib.TOMLDecodeError as error:
        problems.append(f"{path} is not valid TOML: {error}. Mend that line; until then the defaults hold.")
    return {}


def _apply(settings: Any, given: Mapping[str, Any], source: str, prefix: str, problems: list[str]) -> Any:
    """``settings`` with the given values; names what does not fit and leaves it out."""
    known = {item.name: item for item in fields(settings)}
    changes: dict[str, Any] = {}
    for name, value in given.items():
        shown = f"{source}{prefix}{name}"
        if name not in known:
            problems.append(f"{shown} is not a setting{_nearest(name, known)}. It is left out.")
        elif is_dataclass(current := getattr(settings, name)):
            if isinstance(value, Mapping):
                changes[name] = _apply(current, value, source, f"{prefix}{name}.", problems)
            else:
                problems.append(f"{shown} must be a table: write [{name}] and the settings below it.")
        else:
            try:
                changes[name] = _checked(value, current, known[name].metadata.get("choices", ()))
            except ValueError as error:
                problems.append(f"{shown} {error} The default holds.")
    return replace(settings, **changes)


def _checked(value: Any, current: Any, choices: tuple[str, ...]) -> Any:
    """The value in the shape of the current one. Raises ValueError with the end of a sentence."""
    if isinstance(current, bool):
        if not isinstance(value, bool):
            raise ValueError("must be true or false.")
    elif isinstance(current, int):
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise ValueError("must be a whole number, 0 or more.")
    elif isinstance(current, tuple):
        value = _several(value, choices)
    elif isinstance(current, Mapping):
        if not isinstance(value, Mapping):
            raise ValueError('must be a table: write [keys] and lines such as take_next = "f4" below it.')
        value = {name: _several(keys, ()) for name, keys in value.items()}
    elif not isinstance(value, str):
        raise ValueError('must be a text in "quotes".')
    elif choices and value not in choices:
        raise ValueError(f"must be one of {', '.join(choices)}, not {value!r}.")
    return value


def _several(value: Any, choices: tuple[str, ...]) -> tuple[str, ...]:
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list | tuple) or not all(isinstance(each, str) for each in values):
        raise ValueError('must be a text or a list such as ["bell", "title"].')
    if choices and (wrong := [each for each in values if each not in choices]):
        raise ValueError(f"may hold {', '.join(choices)}, not {wrong[0]!r}.")
    return tuple(values)


def _from_environment(settings: Settings, env: Mapping[str, str], problems: list[str]) -> Settings:
    given: dict[str, Any] = {}
    for owner, into in ((settings, given), (settings.alerts, given.setdefault("alerts", {}))):
        hints = get_type_hints(type(owner))
        for item in fields(owner):
            section = "ALERTS_" if owner is settings.alerts else ""
            written = env.get(f"{_PREFIX}{section}{item.name.upper()}")
            if written is None or item.name in ("alerts", "keys"):
                continue
            into[item.name] = _from_word(written, hints[item.name])
    applied: Settings = _apply(settings, given, "in the environment: ", "", problems)
    return applied


def _from_word(written: str, hint: Any) -> Any:
    """A variable's text as the value it stands for; what is no value stays text and is refused later."""
    if hint is bool:
        return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}.get(
            written.lower(), written
        )
    if hint is str:
        return written
    if hint is int:
        return int(written) if written.isascii() and written.isdecimal() else written
    return [word for word in re.split(r"[\s,]+", written) if word]


def _nearest(name: str, known: Mapping[str, Any]) -> str:
    close = difflib.get_close_matches(name, known, 1)
    return f"; did you mean {close[0]}?" if close else ""


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(each) for each in value) + "]"
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
