"""Small pretend instances, banks that fetch them, and a PACS with bad manners."""

from __future__ import annotations

import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from imagebank.core.clock import now
from imagebank.core.progress import Silent
from imagebank.dicom.pacs.guard import World
from imagebank.synthetic.pacs import PretendPacs
from imagebank.workflows.acquiring import Ask, SourceRun, acquire
from imagebank.workflows.acquisition import SourceStatus, acquisition_status
from imagebank.workflows.init import init

MR = "1.2.840.10008.5.1.4.1.1.4"
FIRST = "HN0000001"
OPT_OUTS = "hospital_number,kind,list_date\n"
NAMES = (
    "Ada,Stonebridge",
    "Winifred,Okafor",
    "Bronwen,Llewellyn",
    "Saskia,Marchetti",
    "Philippa,Quill",
    "Yetunde,Zeller",
)
PEOPLE = "person_id,nhs_number,hospital_number,given_name,family_name,birth_date,sex\n"


def instance(number: int, *, study: int = 1, series: int = 1, patient: str = FIRST, **more: Any) -> Dataset:
    """A tiny MR instance."""
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID = MR
    made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = f"1.9.{study}.{series}.{number}"
    made.StudyInstanceUID, made.SeriesInstanceUID = f"1.9.{study}", f"1.9.{study}.{series}"
    made.PatientID, made.PatientName, made.PatientBirthDate = patient, "Pretend^Person", "19600102"
    made.AccessionNumber, made.StudyDate, made.Modality = f"A{study}", "20200304", "MR"
    made.StudyDescription, made.SeriesDescription = "MRI Head", f"T1 {series}"
    made.StudyTime, made.StudyID, made.SeriesNumber = "101112", str(study), series
    made.Rows = made.Columns = 4
    made.BitsAllocated = made.BitsStored = 16
    made.HighBit, made.PixelRepresentation, made.SamplesPerPixel = 15, 0, 1
    made.PhotometricInterpretation, made.InstanceNumber = "MONOCHROME2", number
    made.PixelData = bytes(32)
    for keyword, value in more.items():
        setattr(made, keyword, value)
    return made


class RudePacs(PretendPacs):
    """A PACS whose manners a test spoils by replacing its methods; counts what it is asked."""

    title = "RUDE"

    def __init__(self, instances: list[Dataset]) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.heard: list[str] = []  # every query, whole
        self.finds = self.moves = 0
        for each in instances:
            self.add(each)

    def answers(self, query: Dataset) -> Iterator[Dataset]:
        self.finds += 1
        self.heard.append(str(query))
        if query.QueryRetrieveLevel == "STUDY":
            self.asked.append(str(query.PatientID or query.AccessionNumber or query.StudyInstanceUID))
        return super().answers(query)

    def outgoing(self, query: Dataset) -> list[Dataset]:
        self.moves += 1
        self.heard.append(str(query))
        return super().outgoing(query)


class Hurried:
    """Time that a pause does not take: sleeping moves the clock."""

    def __init__(self) -> None:
        self.passed = 0.0
        self._lock = threading.Lock()

    def world(self) -> World:
        return World(
            now=lambda: now() + timedelta(seconds=self.passed),
            monotonic=lambda: time.monotonic() + self.passed,
            sleep=self.sleep,
            chance=lambda: 0.5,
        )

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.passed += seconds
        time.sleep(0.001)


class Telling(Silent):
    """Keeps what a person would be told."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


def records(folder: Path, *patients: str) -> Path:
    """The records of some people."""
    folder.mkdir(parents=True, exist_ok=True)
    named = zip(patients, NAMES, strict=False)  # unlike each other, or two would be taken for one person
    rows = [f"p{n},,{number},{name},1960-01-02,female\n" for n, (number, name) in enumerate(named)]
    assert len(rows) == len(patients)
    (folder / "patients.csv").write_text(PEOPLE + "".join(rows))
    return folder


def bank_of(folder: Path, *patients: str, **source: Any) -> Path:
    """A bank with the records of some people and one source."""
    bank = folder / "bank"
    init(bank, records=[records(folder / "records", *(patients or (FIRST,)))], pretend=True)
    add_source(bank, **source)
    return bank


def add_source(bank: Path, **source: Any) -> None:
    """Add a source to a bank: by default a PACS that answers C-GET at once."""
    told = {"name": "rude", "kind": "dimse", "host": "127.0.0.1", "called_title": "RUDE", "retrieve": "get"}
    told |= {"settle_minutes": 0, "timeout_seconds": 5, "attempts": 2, "associations": 1, **source}
    lines = [f"{name} = {_toml(value)}" for name, value in told.items()]
    with open(bank / "bank.toml", "a") as file:
        file.write("\n[[pacs]]\n" + "\n".join(lines) + "\n")


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(list(value) if isinstance(value, tuple) else value)


def free_port() -> int:
    """A port for a program that is told its port: below those that the system gives to whoever asks for any."""
    for port in random.SystemRandom().sample(range(20_000, 32_000), 100):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")


def change(bank: Path, before: str, after: str) -> None:
    """Change a line of bank.toml."""
    text = (bank / "bank.toml").read_text()
    assert before in text
    (bank / "bank.toml").write_text(text.replace(before, after))


def run(bank: Path, ask: Ask | None = None, **more: Any) -> SourceRun:
    """One acquire of a bank with one source; pauses take no time."""
    more = {"world": Hurried().world(), "progress": Silent(), **more}
    return acquire(bank, ask, environ={}, **more)[0]


def status_of(bank: Path) -> SourceStatus:
    """What `acquire status` says of the one source."""
    return acquisition_status(bank, environ={})[0]


def landed(bank: Path, source: str = "rude") -> list[Path]:
    """The landed files of a source."""
    return sorted((bank / "landing" / source).rglob("*.dcm"))


@contextmanager
def rude_bank(folder: Path, pacs: RudePacs, *patients: str, **source: Any) -> Iterator[Path]:
    """A bank whose one source is a PACS that is served meanwhile."""
    with pacs.serving() as port:
        yield bank_of(folder, *patients, port=port, **source)


def study(count: int = 6) -> list[Dataset]:
    return [instance(number) for number in range(count)]


def assert_whole(bank: Path, count: int = 6) -> None:
    told = status_of(bank)
    assert dict(told.states) == {"complete": 1}
    assert (told.expected, told.received, len(landed(bank))) == (count, count, count)
    assert told.incomplete == ()
