"""Where everything lies: the one place that declares each path of a bank."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

CONFIG_NAME = "bank.toml"


@dataclass(frozen=True)
class Layout:
    """The paths of a bank. `vault` may lie on another disk; everything else is below `root`."""

    root: Path
    vault: Path

    @property
    def config(self) -> Path:
        """What the bank is."""
        return self.root / CONFIG_NAME

    @property
    def lock(self) -> Path:
        """Held while a command changes the bank."""
        return self.root / ".lock"

    @property
    def vault_database(self) -> Path:
        """Identifiable, encrypted: who is who, and where each file lies."""
        return self.vault / "vault.db"

    @property
    def vault_audit(self) -> Path:
        """One line for each opening of the vault; holds no identifier."""
        return self.vault / "audit.log"

    @property
    def vault_records(self) -> Path:
        """Identifiable: what is staged of each record source, by hospital number and without names or texts."""
        return self.vault / "records"

    @property
    def landing(self) -> Path:
        """Identifiable: DICOM as received, from sources that push or are retrieved."""
        return self.root / "landing"

    @property
    def landing_lock(self) -> Path:
        """Held while a command fetches images."""
        return self.landing / ".lock"

    @property
    def landing_book(self) -> Path:
        """Identifiable: what was asked for and what came."""
        return self.landing / "acquisition.db"

    @property
    def landing_log(self) -> Path:
        """One line for each association: peer, counts and duration; holds no identifier."""
        return self.landing / "associations.log"

    @property
    def landing_media(self) -> Path:
        """Identifiable: the files of archives and media of which something did not land, and why."""
        return self.landing / "media.csv"

    def landed(self, source: str) -> Path:
        """Identifiable: what one source brought."""
        return self.landing / source

    @property
    def quarantine(self) -> Path:
        """Identifiable: the list of what was refused, with its reason, for a steward."""
        return self.root / "quarantine"

    @property
    def ledger(self) -> Path:
        """What ran on what, and what came of it."""
        return self.root / "ledger.db"

    @property
    def dicom(self) -> Path:
        """De-identified instances, one zip a series."""
        return self.root / "dicom"

    @property
    def bids(self) -> Path:
        """NIfTI images under BIDS names."""
        return self.root / "bids"

    @property
    def tables(self) -> Path:
        """Snapshots of the tables."""
        return self.root / "tables"

    @property
    def current(self) -> Path:
        """Names the newest snapshot."""
        return self.tables / "current"

    @property
    def profile(self) -> Path:
        """The profile of the newest snapshot: page, tables and figures."""
        return self.root / "profile"

    @property
    def quality(self) -> Path:
        """The report on image quality."""
        return self.root / "quality"

    @property
    def cohorts(self) -> Path:
        """Saved questions, one folder each, one file a version."""
        return self.root / "cohorts"

    @property
    def projects(self) -> Path:
        """What each project may see, one file each, written by a steward."""
        return self.root / "projects"

    @property
    def quality_ratings(self) -> Path:
        """What people said of single images; grows, and is never rewritten."""
        return self.root / "quality-ratings.csv"

    @property
    def linkage(self) -> Path:
        """The report on the linkage; names nobody."""
        return self.root / "linkage"

    @property
    def answers(self) -> Path:
        """What each project was told of cohorts, as keyed pictures of sets, and the key that they are made with."""
        return self.root / "answers"

    @property
    def releases(self) -> Path:
        """What projects received."""
        return self.root / "releases"

    def snapshot(self, version: str) -> Path:
        """The folder of one version of the tables."""
        return self.tables / version

    def series_zip(self, patient: str, study: str, series: str) -> Path:
        """The de-identified instances of one series; the arguments are the bank's own ids."""
        return self.dicom / patient / study / f"{series}.zip"

    def bids_session(self, patient: str, session: str) -> Path:
        """The converted images of one study."""
        return self.bids / f"sub-{patient}" / f"ses-{session}"

    def bids_unsorted(self, patient: str, session: str) -> Path:
        """Converted images of one study for which BIDS has no certain name."""
        return self.bids / "derivatives" / "unsorted" / f"sub-{patient}" / f"ses-{session}"

    def bids_mosaics(self, patient: str, session: str) -> Path:
        """Small pictures of the images of one study."""
        return self.bids / "derivatives" / "quality" / f"sub-{patient}" / f"ses-{session}"

    def relative(self, path: Path) -> str:
        """A path of the bank as the ledger keeps it: relative, with forward slashes."""
        return path.relative_to(self.root).as_posix()
