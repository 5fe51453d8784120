"""Drills: visitors and agents that play by script over the real protocol, for the demo, for training and for load."""
