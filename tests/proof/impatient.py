"""Starts the server with less patience, for tests of what it does when its patience ends: `python -m tests.proof.impatient`."""

import sys

from agentconsole import __main__ as program
from agentconsole.backend import jobs, server

LAUNCHER = (sys.executable, "-m", "tests.proof.impatient")

if __name__ == "__main__":
    server.LEAVE_SECONDS = 2
    jobs.ALIVE_EVERY = 1.0
    sys.argv = ["agentconsole", "serve", *sys.argv[1:]]
    sys.exit(program.main())
