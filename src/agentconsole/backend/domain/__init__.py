"""The rules of the desk as plain functions: no I/O, no clock, no randomness of their own."""
