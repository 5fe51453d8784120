"""The whole way: a visitor, the real server, and the real console in a terminal."""
