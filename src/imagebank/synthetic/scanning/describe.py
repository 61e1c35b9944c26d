"""The page that describes the scanners, written from the tables that the files are made from.

`python -m imagebank.synthetic.scanning.describe FILE` writes it; a test holds the page in the documentation to it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from imagebank.synthetic.scanning.machines import Era, Machine, all_machines
from imagebank.synthetic.scanning.plants import PLANTS, TURNS
from imagebank.synthetic.scanning.tables import rows, text

MADE = "<!-- Made by `python -m imagebank.synthetic.scanning.describe` from the tables of the package. Do not edit. -->"


def table(head: Iterable[str], body: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    every = [list(head), *(list(row) for row in body)]
    every.insert(1, ["---"] * len(every[0]))
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |\n" for row in every)


def page() -> str:
    """The whole page."""
    return text("page.md").format(
        made=MADE,
        machines=_machines(),
        eras=_eras(),
        geometry=_all_of("geometry"),
        protocols=_protocols(),
        kinds=_all_of("kinds"),
        agents=_agents(),
        plants=_plants(),
        turns=TURNS,
        allowed=_all_of("dciodvfy_allowed"),
    )


def _all_of(name: str) -> str:
    every = rows(name)
    return table((column.replace("_", " ") for column in every[0]), (row.values() for row in every))


def _machines() -> str:
    head = ("machine", "field", "site", "from", "to", "station", "serial number", "character set", "files")
    return table(head, map(_machine, all_machines().values()))


def _machine(each: Machine) -> tuple[str, ...]:
    where = (each.name, f"{each.field_t:g} T", each.site, str(each.start), str(each.end))
    return (*where, each.station, each.serial, each.charset, each.syntax)


def _eras() -> str:
    head = ("machine", "since", "software", "manufacturer in the header", "objects", "private b-value")
    return table(head, (_era(machine, era) for machine in all_machines().values() for era in machine.eras))


def _era(machine: Machine, era: Era) -> tuple[str, ...]:
    habits = ("enhanced" if era.enhanced else "classic", "with 1e9 added" if era.b_offset else "plain")
    return (machine.name, str(era.since), f"`{era.software}`", era.manufacturer, *habits)


def _protocols() -> str:
    head = ("machine", "kind", "since", "plane", "", "TR ms", "TE ms", "TI ms", "flip", "sequence", "image type")
    return table(head, map(_protocol, rows("protocols")))


def _protocol(row: dict[str, str]) -> tuple[str, ...]:
    what = (row["machine"], row["kind"], row["since"], row["plane"], row["acquisition"])
    echoes = "/".join(filter(None, (row["te_ms"], row["te2_ms"])))
    physics = (row["tr_ms"], echoes, row["ti_ms"], row["flip_deg"])
    return (*what, *physics, f"`{row['sequence_name']}`", f"`{row['image_type']}`")


def _agents() -> str:
    head = ("agent", "volume, ml", "dose", "weight")
    return table(
        head, ((f"`{row['text']}`" if row["text"] else "(blank)", *list(row.values())[1:]) for row in rows("agents"))
    )


def _plants() -> str:
    names = ((each.__name__.removeprefix("plant_").replace("_", " "), each.__doc__ or "") for each in PLANTS)
    return table(("leak", "what is planted"), ((name, told.splitlines()[0]) for name, told in names))


def main(arguments: list[str]) -> int:
    """Write the page to a file; returns 2 when no file is named."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m imagebank.synthetic.scanning.describe FILE\n")
        return 2
    Path(arguments[0]).write_text(page(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
