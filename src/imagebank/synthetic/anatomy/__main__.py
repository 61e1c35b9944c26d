"""`python -m imagebank.synthetic.anatomy FOLDER` writes the contact sheets as PNG files."""

from __future__ import annotations

import sys
from pathlib import Path

from imagebank.core.files import write_bytes
from imagebank.synthetic.anatomy import sheet
from imagebank.synthetic.anatomy.picture import png_of

SHEETS = {
    "sequences": sheet.sequences_sheet,
    "people": sheet.people_sheet,
    "faults": sheet.faults_sheet,
    "faces": sheet.faces_sheet,
    "others": sheet.others_sheet,
}


def main(arguments: list[str]) -> int:
    """Write every sheet below a folder; returns the exit status."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print("usage: python -m imagebank.synthetic.anatomy FOLDER", file=sys.stderr)
        return 2
    for name, made in SHEETS.items():
        path = Path(arguments[0]) / f"{name}.png"
        write_bytes(path, png_of(made()))
        print(f"{path}: {path.stat().st_size // 1000} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
