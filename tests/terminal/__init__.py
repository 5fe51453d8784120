"""Tests in a real pseudo-terminal, with an independent emulator on the other side."""
