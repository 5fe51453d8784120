"""Own certificates, as a desk makes them that has no public name."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import NamedTuple


class Files(NamedTuple):
    """Of one server: its certificate, its key, and whom its clients must trust."""

    certificate: Path
    key: Path


def self_signed(folder: Path, name: str = "desk", address: str = "127.0.0.1") -> Files:
    """A certificate for this address that nobody else has signed."""
    files = Files(folder / f"{name}.pem", folder / f"{name}.key")
    wish = [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-noenc",
        "-days",
        "2",
    ]
    files_of_it = ["-keyout", str(files.key), "-out", str(files.certificate)]
    names = ["-subj", f"/CN={name}", "-addext", f"subjectAltName=IP:{address}"]
    subprocess.run(["openssl", *wish, *files_of_it, *names], check=True, capture_output=True)
    return files
