"""The visitor's side in a real Chromium."""
