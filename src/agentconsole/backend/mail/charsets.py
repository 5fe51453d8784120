"""Bytes of a mail made text, whatever they claim to be."""

from __future__ import annotations

import binascii
import codecs
import re

# Labels that mail programs use and Python does not know, and labels that mean more than they say.
_MEANT = {
    "us-ascii": "utf-8",
    "ascii": "utf-8",
    "ansi_x3.4-1968": "utf-8",
    "utf8mb4": "utf-8",
    "unicode-1-1-utf-7": "utf-7",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-8-e": "iso-8859-8",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "x-sjis": "cp932",
    "shift_jis": "cp932",
    "windows-31j": "cp932",
    "iso-2022-jp": "iso2022_jp_ext",
    "x-gbk": "gb18030",
    "windows-874": "cp874",
    "x-mac-roman": "mac_roman",
    "macintosh": "mac_roman",
    "x-unknown": "utf-8",
    "unknown-8bit": "utf-8",
    "8bit": "utf-8",
    "binary": "utf-8",
}
# Codecs of Python that are no character set of a mail; some of them take time that grows with the square.
_NO_CHARSET = {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"}
_WORD = re.compile(r"=\?([^?\s*]{1,60})(?:\*[^?\s]{0,20})?\?([bBqQ])\?([^?]*)\?=")
_GAP = re.compile(r"(\?=)\s+(?==\?[^?\s]{1,80}\?[bBqQ]\?)")
_UNKEEPABLE = re.compile("[\x00\ud800-\udfff]")


def decode(data: bytes, charset: str = "") -> str:
    """The text of these bytes, by the charset they claim if it fits them, else by the likeliest other.

    Newlines become ``\\n``; what no database could keep (NUL, lone surrogates) becomes U+FFFD.
    """
    for name in (_codec(charset), "utf-8"):
        try:
            return keepable(data.decode(name).replace("\r\n", "\n").replace("\r", "\n"))
        except (UnicodeError, LookupError):
            continue
    claimed = _codec(charset)
    best = "cp1252" if claimed == "utf-8" else claimed
    return keepable(data.decode(best, "replace").replace("\r\n", "\n").replace("\r", "\n"))


def keepable(text: str) -> str:
    """Text that every database and JSON can keep."""
    return _UNKEEPABLE.sub("\ufffd", text)


def unescaped(value: str) -> str:
    """A header value as the mail library gives it (raw bytes hidden in surrogates) made text."""
    if value.isascii():
        return value
    return decode(value.encode("utf-8", "surrogateescape"))


def words(value: str) -> str:
    """A header value with its encoded words (RFC 2047) decoded; a broken word stays as it is.

    Words of one charset that follow each other are put together before they are decoded: many programs
    cut a character in two.
    """
    value = _GAP.sub(r"\1", unescaped(value))
    pieces: list[str] = []
    charset, waiting, end = "", b"", 0
    for found in _WORD.finditer(value):
        data = _word_bytes(found[2], found[3])
        if found.start() > end or found[1].lower() != charset or data is None:
            pieces.append(decode(waiting, charset) if waiting else "")
            waiting = b""
        pieces.append(value[end : found.start()])
        if data is None:
            pieces.append(found[0])
        else:
            charset, waiting = found[1].lower(), waiting + data
        end = found.end()
    pieces.append(decode(waiting, charset) if waiting else "")
    return keepable("".join(pieces) + value[end:])


def _word_bytes(kind: str, text: str) -> bytes | None:
    try:
        if kind in "qQ":
            return binascii.a2b_qp(text.encode("ascii", "replace"), header=True)
        return binascii.a2b_base64(text.encode("ascii", "replace") + b"==")
    except binascii.Error:
        return None


def _codec(charset: str) -> str:
    """The Python codec for a charset label; UTF-8 where the label says nothing."""
    label = charset.strip().strip("\"'").lower()
    label = _MEANT.get(label, label)
    try:
        found = codecs.lookup(label) if label and label.isascii() and "\x00" not in label else None
    except LookupError:
        return "utf-8"
    if found is None or found.name in _NO_CHARSET or not found._is_text_encoding:
        return "utf-8"
    return found.name
