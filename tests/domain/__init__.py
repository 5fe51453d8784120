"""The domain: plain functions, asked in all combinations."""
