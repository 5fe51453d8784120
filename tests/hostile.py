"""Texts that try to drive a terminal, break a layout, pass for markup or for somebody else."""

from typing import NamedTuple


class Hostile(NamedTuple):
    """One hostile text: `visible` must stand on the screen, literally, wherever `text` is shown."""

    name: str
    text: str
    visible: str


HOSTILE = [
    # escape sequences: what follows the ESC stays readable, nothing acts
    Hostile("sgr red", "\x1b[31mred\x1b[0m", "·[31mred·[0m"),
    Hostile("clear screen", "a\x1b[2J\x1b[Hb", "a·[2J·[Hb"),
    Hostile("cursor up and erase", "x\x1b[5A\x1b[2Ky", "x·[5A·[2Ky"),
    Hostile("scroll region", "\x1b[1;2rz", "·[1;2rz"),
    Hostile("leave alternate screen", "\x1b[?1049lout", "·[?1049lout"),
    Hostile("mouse off", "\x1b[?1000l\x1b[?1006l", "·[?1000l·[?1006l"),
    Hostile("hide cursor", "\x1b[?25l", "·[?25l"),
    Hostile("device status report", "\x1b[6n", "·[6n"),
    Hostile("device attributes", "\x1b[c\x1b[>c", "·[c·[>c"),
    Hostile("window report", "\x1b[21t", "·[21t"),
    Hostile("full reset", "\x1bcreset", "·creset"),
    Hostile("alignment test", "\x1b#8", "·#8"),
    Hostile("charset", "\x1b(0qqq\x1b(B", "·(0qqq·(B"),
    Hostile("shift out", "\x0eabc\x0f", "·abc·"),
    Hostile("kitty keys", "\x1b[>31u", "·[>31u"),
    Hostile("synchronised output", "\x1b[?2026h", "·[?2026h"),
    Hostile("title", "\x1b]0;owned\x07", "·]0;owned·"),
    Hostile("title with ST", "\x1b]2;owned\x1b\\", "·]2;owned·\\"),
    Hostile("clipboard write", "\x1b]52;c;cm0gLXJm\x07", "·]52;c;cm0gLXJm·"),
    Hostile("clipboard read", "\x1b]52;c;?\x07", "·]52;c;?·"),
    Hostile("palette", "\x1b]4;1;#ff0000\x07", "·]4;1;#ff0000·"),
    Hostile(
        "hyperlink",
        "\x1b]8;;http://evil.example/\x1b\\bank\x1b]8;;\x1b\\",
        "·]8;;http://evil.example/·\\bank",
    ),
    Hostile("notification", "\x1b]9;hello\x07", "·]9;hello·"),
    Hostile("iterm file", "\x1b]1337;File=inline=1:AAAA\x07", "·]1337;File=inline=1:AAAA·"),
    Hostile("device control", '\x1bP$q"p\x1b\\', '·P$q"p·\\'),
    Hostile("tmux passthrough", "\x1bPtmux;\x1b\x1b]0;x\x07\x1b\\", "·Ptmux;··]0;x··\\"),
    Hostile("sixel", "\x1bPq#0;2;0;0;0~\x1b\\", "·Pq#0;2;0;0;0~·\\"),
    Hostile("application command", "\x1b_Gf=24;AAAA\x1b\\", "·_Gf=24;AAAA·\\"),
    Hostile("privacy message", "\x1b^pm\x1b\\", "·^pm·\\"),
    Hostile("end of paste", "\x1b[201~rm -rf ~\r", "·[201~rm -rf ~·"),
    Hostile("unfinished csi", "tail\x1b[", "tail·["),
    Hostile("unfinished osc", "tail\x1b]0;never ends", "tail·]0;never ends"),
    Hostile("c1 csi", "\x9b31mred", "·31mred"),
    Hostile("c1 osc", "\x9d0;owned\x9c", "·0;owned·"),
    Hostile("c1 dcs apc pm", "\x90a\x9fb\x9ec\x9c", "·a·b·c·"),
    Hostile("next line", "one\x85two", "one·two"),
    Hostile("bell and backspace", "\x07abc\x08\x08\x08xyz", "·abc···xyz"),
    Hostile("carriage return", "honest\rforged", "honest·forged"),
    Hostile("null and delete", "a\x00b\x7fc", "a·b·c"),
    Hostile("form feed", "a\x0bb\x0cc", "a·b·c"),
    # direction, invisible, broken characters
    Hostile("right to left override", "invoice\u202efdp.exe", "invoice↤fdp.exe"),
    Hostile("isolates", "\u2066a\u2067b\u2068c\u2069", "↦a↤b·c·"),
    Hostile("direction marks", "a\u200eb\u200fc\u061cd", "a·b·c·d"),
    Hostile("zero width space", "ad\u200bmin", "ad·min"),
    Hostile("joiner between Latin letters", "ad\u200dmin\u200c", "ad·min·"),
    Hostile("byte order mark", "\ufeffadmin", "·admin"),
    Hostile("soft hyphen", "ad\u00admin", "ad·min"),
    Hostile("tags", "hi\U000e0001\U000e0041\U000e0042", "hi···"),
    Hostile("variation selectors", "a\ufe01\ufe02\U000e0150", "a···"),
    Hostile("Hangul filler", "\u3164\u115f\u1160\uffa0", "····"),
    Hostile("line separators", "one\u2028two\u2029three", "one·two·three"),
    Hostile("interlinear", "\ufff9a\ufffab\ufffb", "·a·b·"),
    Hostile("lone surrogates", "a\ud800b\udfffc", "a·b·c"),
    Hostile("noncharacters", "a\uffffb\ufdd0c", "a·b·c"),
    Hostile("private use", "\ue0a0\U000f0000", "··"),
    Hostile("combining flood", "Z" + "\u0301\u0323" * 500 + "end", "·end"),
    Hostile("combining first", "\u0301\u0302name", "·name"),
    Hostile("enclosing flood", "o" + "\u20dd" * 100 + "k", "·k"),
    Hostile("invisible flood", "a" + "\u200b" * 9000 + "z", "a" + "·" * 16 + "…z"),
    Hostile("wide flood", "語" * 300, "語語語語"),
    Hostile("50,000 characters", "A" * 50_000, "AAAAAAAA"),
    Hostile("50,000 marks", "q" + "\u0336" * 50_000 + "!", "·!"),
    # markup of Textual and Rich, Markdown, HTML, templates: all of it literal
    Hostile("closing nothing", "[/]", "[/]"),
    Hostile("closing unknown", "[/foo]", "[/foo]"),
    Hostile("unterminated close", "[/", "[/"),
    Hostile("unterminated open", "[bold", "[bold"),
    Hostile("style", "[bold red]x[/bold red]", "[bold red]x[/bold red]"),
    Hostile("action", "[@click=app.quit]x[/]", "[@click=app.quit]x[/]"),
    Hostile("link markup", "[link=http://evil.example]x[/link]", "[link=http://evil.example]x[/link]"),
    Hostile("escaped bracket", "\\[b]\\[/", "\\[b]\\[/"),
    Hostile("data brackets", "[data: /m?x=-609b-]", "[data: /m?x=-609b-]"),
    Hostile("variable", "[$primary]x $text", "[$primary]x $text"),
    Hostile("emoji code", ":warning: :bomb:", ":warning: :bomb:"),
    Hostile(
        "markdown", "**b** _i_ `c` [t](http://evil.example) ![i](x)", "**b** _i_ `c` [t](http://evil.example)"
    ),
    Hostile("heading and rule", "# System --- > quote", "# System --- > quote"),
    Hostile("html", "<script>alert(1)</script><b>x</b>", "<script>alert(1)</script><b>x</b>"),
    Hostile("entity", "&lt;b&gt; &#27;[31m", "&lt;b&gt; &#27;[31m"),
    Hostile("format", "{0} {x!r} %s %n ${HOME} $(id)", "{0} {x!r} %s %n ${HOME} $(id)"),
    Hostile("formula", '=HYPERLINK("http://evil.example","x")', '=HYPERLINK("http://evil.example","x")'),
    Hostile("command formula", "=cmd|' /C calc'!A0", "=cmd|' /C calc'!A0"),
    Hostile("encoded word", "=?utf-8?q?a=0ABcc:_v=40x?=", "=?utf-8?q?a=0ABcc:_v=40x?="),
    Hostile("query", "' OR 1=1; -- \" * a-b a:b", "' OR 1=1; -- \" * a-b a:b"),
    # people who pretend
    Hostile("system line", "-- chat was transferred to Root --", "-- chat was transferred to Root --"),
    Hostile("agent line", "10:02 < Support: send me your password", "10:02 < Support: send me your password"),
    Hostile("note line", "# note: this customer is trusted", "# note: this customer is trusted"),
    Hostile("homograph", "аdmin", "аdmin"),
    Hostile("only blanks", "\u2003\u00a0\u3000", ""),
]
