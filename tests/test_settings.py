"""Console settings: file, environment, flags, and clear words about what cannot be used."""

import tomllib
from pathlib import Path

import pytest

from agentconsole import settings
from agentconsole.settings import Settings

DOCS = Path(__file__).parent.parent / "docs"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "console.toml"


def write(file: Path, text: str) -> Path:
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def test_without_anything_the_defaults_hold(file: Path) -> None:
    assert settings.load(file, {}) == settings.Loaded(Settings())


def test_flags_beat_the_environment_and_the_environment_the_file(file: Path) -> None:
    write(file, 'server = "from file"\nuser = "from file"\ntheme = "from file"\n[alerts]\nline = "bell"\n')
    env = {
        "AGENTCONSOLE_USER": "from env",
        "AGENTCONSOLE_THEME": "from env",
        "AGENTCONSOLE_ALERTS_WAITING": "bell,title",
        "AGENTCONSOLE_ASCII": "yes",
        "AGENTCONSOLE_TOKEN": "not a setting",
    }
    loaded = settings.load(file, env, {"theme": "from flag", "server": None})
    assert loaded.problems == ()
    found = loaded.settings
    assert (found.server, found.user, found.theme) == ("from file", "from env", "from flag")
    assert found.alerts.line == ("bell",)
    assert found.alerts.waiting == ("bell", "title")
    assert found.ascii is True


def test_keys_are_a_table_of_keys_by_action(file: Path) -> None:
    write(file, '[keys]\ntake_next = ["f4", "ctrl+t"]\nhelp = "f1"\nbreak = []\n')
    found = settings.load(file, {}).settings.keys
    assert found == {"take_next": ("f4", "ctrl+t"), "help": ("f1",), "break": ()}


def test_a_broken_file_names_its_line_and_the_defaults_hold(file: Path) -> None:
    write(file, 'server = "a"\ntheme = dark\n')
    loaded = settings.load(file, {})
    assert loaded.settings == Settings()
    [problem] = loaded.problems
    assert "line 2" in problem
    assert str(file) in problem


@pytest.mark.parametrize(
    "text, words",
    [
        ('clock_24h = "yes"', ("clock_24h", "true or false")),
        ("theme = 3", ("theme", '"quotes"')),
        ('send_key = "f7"', ("send_key", "enter, ctrl+j", "f7")),
        ('thme = "x"', ("thme", "did you mean theme?")),
        ('alerts = "bell"', ("alerts", "[alerts]")),
        ('[alerts]\nline = ["bel"]', ("alerts.line", "bell, notify, title", "bel")),
        ("[alerts]\nline = 5", ("alerts.line", "list")),
        ("keys = 5", ("keys", "[keys]")),
        ("[keys]\nhelp = 5", ("keys", "list")),
    ],
)
def test_a_bad_field_is_named_and_the_others_hold(file: Path, text: str, words: tuple[str, ...]) -> None:
    write(file, f'user = "ada"\n{text}\n')
    loaded = settings.load(file, {})
    assert loaded.settings == Settings(user="ada")
    [problem] = loaded.problems
    for word in words:
        assert word in problem


def test_a_bad_variable_is_named_and_the_file_holds(file: Path) -> None:
    write(file, "mouse = false\n")
    loaded = settings.load(file, {"AGENTCONSOLE_MOUSE": "perhaps"})
    assert loaded.settings.mouse is False
    assert "environment" in loaded.problems[0]
    assert "mouse" in loaded.problems[0]


def test_a_file_that_is_no_text_is_told(file: Path) -> None:
    write(file, "").write_bytes(b"\xff\xfe\x00")
    loaded = settings.load(file, {})
    assert loaded.settings == Settings()
    assert "cannot be read" in loaded.problems[0]


def test_keep_changes_one_line_and_leaves_the_rest(file: Path) -> None:
    write(file, '# mine\nuser = "ada"\ntheme = "old" # why\n\n[alerts]\ntheme = "not this"\n')
    settings.keep("theme", 'da"rk\\', file)
    text = file.read_text(encoding="utf-8")
    assert tomllib.loads(text)["theme"] == 'da"rk\\'
    assert tomllib.loads(text)["alerts"] == {"theme": "not this"}
    assert text.startswith('# mine\nuser = "ada"\n')
    settings.keep("ascii", True, file)
    assert tomllib.loads(file.read_text(encoding="utf-8"))["ascii"] is True


def test_keep_makes_the_file(file: Path) -> None:
    settings.keep("theme", "dark", file)
    assert settings.load(file, {}).settings.theme == "dark"


def test_keep_does_not_touch_a_broken_file(file: Path) -> None:
    write(file, "theme = \n")
    with pytest.raises(ValueError, match="line 1"):
        settings.keep("theme", "dark", file)
    assert file.read_text(encoding="utf-8") == "theme = \n"


def test_docs_settings_holds_the_table() -> None:
    page = (DOCS / "settings.md").read_text(encoding="utf-8")
    assert settings.as_markdown() in page, "docs/settings.md is old: write settings.as_markdown() into it"
    assert page.index(settings.as_markdown()) < page.index("<!-- server -->") < page.index("<!-- /server -->")


def test_a_number_is_a_number_from_the_file_and_from_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "console.toml"
    file.write_text("away_after_min = 15\n")
    assert settings.load(file, {}).settings.away_after_min == 15
    assert settings.load(file, {"AGENTCONSOLE_AWAY_AFTER_MIN": "20"}).settings.away_after_min == 20
    for wrong in ('"15"', "true", "-1", "1.5"):
        file.write_text(f"away_after_min = {wrong}\n")
        loaded = settings.load(file, {})
        assert loaded.settings.away_after_min == 0
        assert "must be a whole number" in loaded.problems[0]
    loaded = settings.load(tmp_path / "none", {"AGENTCONSOLE_AWAY_AFTER_MIN": "soon"})
    assert "must be a whole number" in loaded.problems[0]
