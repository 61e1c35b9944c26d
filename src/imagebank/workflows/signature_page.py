"""The page of signatures: one HTML file with a thumbnail of each protocol, what it shows and what speaks against it."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape
from pathlib import Path

from imagebank.core.files import write_text
from imagebank.dicom.witness import CONTRADICTIONS
from imagebank.workflows.signatures import Listed

STYLE = """
body { font: 15px/1.4 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; color: #1a1a1a; background: #fff; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .4rem .6rem; border-bottom: 1px solid #ccc; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
img { display: block; width: 96px; height: 96px; object-fit: contain; background: #000; }
code { font-size: .85em; } .against { color: #a11; } .quiet { color: #555; font-size: .85em; }
"""

HEAD = ("picture", "shows", "series", "patients", "protocol", "why", "against it")


def write_page(listed: Sequence[Listed], path: Path, *, bank_name: str) -> None:
    """Write the page. It shows de-identified images of single patients: it stays where the bank is."""
    rows = "".join(_row(each) for each in listed)
    head = "".join(f'<th scope="col">{name}</th>' for name in HEAD)
    write_text(
        path,
        f'<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8">'
        f"<title>Protocols of {escape(bank_name)}</title>"
        f"<style>{STYLE}</style></head>\n<body>\n<h1>Protocols of {escape(bank_name)}</h1>\n"
        f"<p>{len(listed)} protocol signatures, those with most series first. The pictures show single patients: this "
        f"page stays inside the research zone.</p>\n<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n"
        f"</table>\n</body>\n</html>\n",
    )


def _row(each: Listed) -> str:
    return (
        f"<tr><td>{_picture(each)}</td><td>{_label(each)}</td>"
        f'<td class="number">{each.series}</td><td class="number">{each.patients}</td>'
        f"<td>{escape(each.name)}<br><code>{each.signature}</code><br>"
        f'<span class="quiet">{escape(_times(each))}</span></td>'
        f"<td>{escape(each.rule)}, confidence {each.confidence:g}<br>"
        f'<span class="quiet">{escape("; ".join(each.facts["evidence"]))}</span></td>'
        f'<td class="against">{"<br>".join(escape(text) for text in objections(each))}</td></tr>\n'
    )


def _picture(each: Listed) -> str:
    if not each.picture:
        return "none"
    content = base64.b64encode(each.picture).decode("ascii")
    return f'<img alt="middle slice of one series" src="data:image/png;base64,{content}">'


def _label(each: Listed) -> str:
    variant = f" ({escape(each.variant)})" if each.variant and not each.curated else ""
    who = f'<br><span class="quiet">by {escape(each.by)}; rules: {escape(each.sequence)}</span>' if each.curated else ""
    return f"<strong>{escape(each.label)}</strong>{variant}{who}"


def _times(each: Listed) -> str:
    told = each.protocol
    echoes = "/".join(f"{echo:g}" for echo in told["echo_times_ms"])
    parts = (
        ("TR", told["repetition_time_ms"]),
        ("TE", echoes),
        ("TI", told["inversion_time_ms"]),
        ("flip", told["flip_angle_deg"]),
    )
    return ", ".join(
        f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}" for name, value in parts if value
    )


def objections(each: Listed) -> list[str]:
    """What speaks against the label of a signature, in words."""
    found = [CONTRADICTIONS.get(name, "No pixel can be decoded.") for name in each.against]
    if each.second:
        found.append(f"The second opinion calls it {each.second}.")
    if each.curated and each.curated != each.sequence:
        found.append(f"The rules call it {each.sequence}.")
    return found
