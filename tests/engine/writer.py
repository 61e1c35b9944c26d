"""A process that writes records to a ledger and names each on standard output once it is written: to be killed."""

from __future__ import annotations

import sys

from imagebank.engine import Attempt, Entry, Ledger, Lot, Outcome


def main(url: str, bank: str, prefix: str, records: str) -> None:
    ledger = Ledger.open(url, bank)
    for number in range(int(records)):
        item = f"{prefix}-{number:06}"
        ledger.keep_text("shared by all")
        entry = Entry("deidentify", item, "key", "", {"number": number})
        attempt = Attempt("deidentify", item, "1", 0.1, 1.0, "")
        ledger.record(entry, attempt, [Lot(item, "pacs", Outcome.BANKED, "", 1, 10, bytes(16))])
        print(item, flush=True)
    ledger.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
