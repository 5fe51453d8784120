"""What a measurement says: figures beside their goals, as a table for people and as JSON for programs."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any


@dataclass
class Figure:
    """One measured value. `limit` is the goal (None = for information); `least` says that more is better."""

    name: str
    value: float
    limit: float | None = None
    unit: str = ""
    least: bool = False
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the goal is reached; None without a goal."""
        if self.limit is None:
            return None
        return self.value >= self.limit if self.least else self.value <= self.limit


@dataclass
class Report:
    """The figures of one part of the bench, and the settings in force while they were taken."""

    part: str
    settings: dict[str, Any] = field(default_factory=dict)
    figures: list[Figure] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def add(self, name: str, value: float, limit: float | None = None, **more: Any) -> None:
        """Note one figure."""
        self.figures.append(Figure(name, value, limit, **more))

    def as_json(self) -> dict[str, Any]:
        """Plain data, with the verdicts."""
        return asdict(self) | {"figures": [asdict(figure) | {"met": figure.met} for figure in self.figures]}

    def __str__(self) -> str:
        head = [f"== {self.part}"]
        head += (
            ["   " + ", ".join(f"{name} {value}" for name, value in self.settings.items())]
            if self.settings
            else []
        )
        return "\n".join([*head, *table(self.figures), *(f"   {remark}" for remark in self.remarks)])


def table(figures: Sequence[Figure]) -> list[str]:
    """One line a figure: name, value, goal, verdict."""
    width = max((len(figure.name) for figure in figures), default=0)
    return [_row(figure, width) for figure in figures]


def _row(figure: Figure, width: int) -> str:
    goal = ""
    if figure.limit is not None:
        goal = f"{'≥' if figure.least else '≤'} {number(figure.limit)}"
    verdict = {True: "met", False: "NOT MET", None: ""}[figure.met]
    value = f"{number(figure.value)} {figure.unit}".rstrip()
    return f"   {figure.name:<{width}}  {value:>14}  {goal:>10}  {verdict:<8}{figure.note}".rstrip()


def number(value: float) -> str:
    """Three digits that matter."""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def ratio(ours: Iterable[float], floors: Iterable[float]) -> float:
    """The median of ours over the median of the floor's."""
    return median(ours) / median(floors)
