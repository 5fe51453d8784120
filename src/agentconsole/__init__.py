"""A complete live-chat desk for people who live in terminals."""

__version__ = "0.1.0"
