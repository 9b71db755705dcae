"""What was measured, as numbers to compare: medians, spreads, ratios, tables. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

MARKS: Final = ("<!-- newest run -->", "<!-- /newest run -->")


@dataclass(frozen=True, kw_only=True)
class Unit:
    """What a number counts; of times the smaller is the better, of rates the larger."""

    name: str
    is_rate: bool


PER_SECOND: Final = Unit(name="/s", is_rate=True)
MILLISECONDS: Final = Unit(name=" ms", is_rate=False)
SECONDS: Final = Unit(name=" s", is_rate=False)
FRAMES: Final = Unit(name=" frames", is_rate=True)


@dataclass(frozen=True, kw_only=True)
class Spread:
    """The middle of some numbers, and their ends."""

    middle: float
    least: float
    most: float

    @classmethod
    def of(cls, numbers: Sequence[float]) -> "Spread":
        """Return the spread of at least one number."""
        return cls(middle=median(numbers), least=min(numbers), most=max(numbers))

    def shown(self, unit: str = "") -> str:
        """Return it as people read it: the middle, and the ends behind it."""
        return f"{short(self.middle)}{unit} ({short(self.least)} to {short(self.most)})"


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One question asked of both by turns: `ours` and `theirs` hold one number for each round.

    `aim` is the ratio that is wanted, `limit` what the hub's own number shall reach; None where none was set.
    A ratio above 1 is in the hub's favour.
    """

    name: str
    what: str
    unit: Unit
    ours: tuple[float, ...]
    theirs: tuple[float, ...]
    aim: float | None = None
    limit: float | None = None
    peer: str = "Orthanc"

    @property
    def ratios(self) -> Spread:
        """How much better the hub is: each round of it over the round of the other beside it."""
        pairs = zip(self.ours, self.theirs, strict=True)
        return Spread.of([a / b if self.unit.is_rate else b / a for a, b in pairs])

    @property
    def missing(self) -> tuple[float, ...]:
        """By which factor the middle of the rounds misses what is wanted; at most 1 where it is reached."""
        found = []
        if self.aim is not None:
            found.append(self.aim / self.ratios.middle)
        if self.limit is not None:
            own = Spread.of(self.ours).middle
            found.append(self.limit / own if self.unit.is_rate else own / self.limit)
        return tuple(found)

    @property
    def verdict(self) -> str:
        """Whether what is wanted is reached by the middle of the rounds, and if not, how much is missing."""
        if not self.missing:
            return ""
        worst = max(self.missing)
        return "reached" if worst <= 1 else f"missed by a factor of {short(worst)}"

    @property
    def wanted(self) -> str:
        """What is wanted, as people read it."""
        sign = "at least" if self.unit.is_rate else "at most"
        ratio = [] if self.aim is None else [f"{short(self.aim)}x"]
        own = [] if self.limit is None else [f"{sign} {short(self.limit)}{self.unit.name}"]
        return ", ".join(ratio + own)

    def row(self) -> list[str]:
        """Return it as a row below the headings."""
        return [
            self.what,
            Spread.of(self.ours).shown(self.unit.name),
            Spread.of(self.theirs).shown(self.unit.name),
            self.ratios.shown("x"),
            self.wanted,
            self.verdict,
        ]

    def as_json(self) -> dict[str, Any]:
        """Return it with every round, for a program."""
        return {
            "name": self.name,
            "what": self.what,
            "unit": self.unit.name.strip(),
            "hub": list(self.ours),
            self.peer.lower(): list(self.theirs),
            "ratio": vars(self.ratios),
            "aim": self.aim,
            "limit": self.limit,
            "verdict": self.verdict,
        }


def short(number: float) -> str:
    """Return a number with three figures, or whole where it has more."""
    if abs(number) >= 100:
        return f"{number:.0f}"
    return f"{number:.1f}" if abs(number) >= 10 else f"{number:.2f}"


def headings(comparisons: Sequence[Comparison]) -> list[str]:
    """Return what stands above the rows."""
    return ["what", "hub", comparisons[0].peer, "ratio", "aim", ""]


def markdown(comparisons: Sequence[Comparison], conditions: dict[str, str]) -> str:
    """Return a page: the table, and under which conditions it came about."""
    above = headings(comparisons)
    rows = [above, ["---"] * len(above), *(each.row() for each in comparisons)]
    table = "\n".join("| " + " | ".join(row) + " |" for row in rows)
    return table + "\n\n" + "\n".join(f"* {name}: {text}" for name, text in conditions.items()) + "\n"


def put_between_marks(earlier: str, page: str) -> str:
    """Return an earlier page with this one between its marks; without them, this one alone."""
    begin, end = MARKS
    if begin not in earlier or end not in earlier:
        return page
    return f"{earlier.partition(begin)[0]}{begin}\n\n{page}\n{end}{earlier.partition(end)[2]}"
