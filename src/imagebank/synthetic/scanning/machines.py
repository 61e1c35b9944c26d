"""Five pretend machines: where each stands, which software it runs on a day, what it can make."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache

from imagebank.synthetic.scanning.tables import machines, rows


@dataclass(frozen=True)
class Era:
    """What a machine is from a day on: software, how it spells its maker and model, and habits of that software.

    `enhanced`: it writes Enhanced MR objects. `b_offset`: it adds 1e9 to its private b-values.
    """

    since: date
    software: str
    manufacturer: str
    model: str
    enhanced: bool
    b_offset: bool


@dataclass(frozen=True)
class Machine:
    """One physical scanner. `maker` is siemens, ge or philips; `syntax` is explicit, implicit or rle."""

    name: str
    maker: str
    field_t: float
    site: str
    start: date
    end: date
    station: str
    serial: str
    frequency: str
    address: str
    department: str
    charset: str
    syntax: str
    coil: str
    coil_channels: int
    eras: tuple[Era, ...]


@cache
def all_machines() -> dict[str, Machine]:
    """Every machine by name."""
    stations = {row["machine"]: row for row in rows("stations")}
    return {row["name"]: _machine(row, stations[row["name"]]) for row in machines()}


def _machine(known: dict[str, str], station: dict[str, str]) -> Machine:
    eras = tuple(_era(row) for row in rows("eras") if row["machine"] == known["name"])
    texts = ("maker", "station", "serial", "frequency", "address", "department", "charset", "syntax", "coil")
    return Machine(
        name=known["name"],
        field_t=float(known["field_t"]),
        site=known["site"],
        start=date.fromisoformat(known["start"]),
        end=date.fromisoformat(known["end"]),
        coil_channels=int(station["coil_channels"]),
        eras=eras,
        **{name: station[name] for name in texts},
    )


def _era(row: dict[str, str]) -> Era:
    return Era(
        date.fromisoformat(row["since"]),
        row["software"],
        row["manufacturer"],
        row["model"],
        row["enhanced"] == "yes",
        row["b_offset"] == "yes",
    )


def era_of(machine: Machine, day: date) -> Era:
    """The software of a day; before the first, that one."""
    return next((era for era in reversed(machine.eras) if era.since <= day), machine.eras[0])


def can_make(machine: str, day: date) -> tuple[str, ...]:
    """The kinds of series that a machine can make on a day; none while it does not stand."""
    known = all_machines()[machine]
    if not known.start <= day <= known.end:
        return ()
    mine = (row for row in rows("protocols") if row["machine"] == machine)
    return tuple(row["kind"] for row in mine if not row["since"] or int(row["since"]) <= day.year)
