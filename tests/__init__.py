"""The tests of agentconsole: real sockets, real databases, a real browser and a real terminal."""
