"""How long the bench takes its time: whole, or short for a look."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    """Everything that trades time for certainty."""

    rounds: int = 5
    seconds: float = 3.0
    chats: tuple[int, ...] = (200, 1000)
    agents: int = 20
    many_chats: int = 1000
    few_chats: int = 50
    long_chat: int = 10_000
    stored: int = 1_000_000
    idle: int = 5_000
    busy: int = 200
    lone: int = 100
    traced: int = 2_000
    starts: int = 5
    keys: int = 185
    flood_seconds: float = 20.0
    idle_seconds: float = 30.0
    arrivals: int = 1_000
    tickets: int = 100_000


WHOLE = Size()
SHORT = Size(
    rounds=2,
    seconds=1.0,
    chats=(200,),
    many_chats=200,
    few_chats=50,
    long_chat=1_000,
    stored=50_000,
    idle=500,
    busy=50,
    lone=20,
    traced=300,
    starts=2,
    keys=30,
    flood_seconds=4.0,
    idle_seconds=8.0,
    arrivals=200,
    tickets=10_000,
)
TINY = Size(
    rounds=1,
    seconds=0.2,
    chats=(4,),
    agents=2,
    many_chats=8,
    few_chats=4,
    long_chat=50,
    stored=500,
    idle=10,
    busy=4,
    lone=4,
    traced=20,
    starts=1,
    keys=6,
    flood_seconds=1.0,
    idle_seconds=1.0,
    arrivals=40,
    tickets=200,
)
