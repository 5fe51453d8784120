"""What the storage tests share."""

from tests.storage.house import house

__all__ = ["house"]
