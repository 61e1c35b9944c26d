"""deidentify: every MR image of a folder, zip or tar becomes a clean file; every other file gets a reason.

Laws: offered = written + excluded + quarantined; the same input, key, policy and map give the same bytes, on any
worker, however often a run was killed; nothing of the source is changed.
"""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from imagebank.core.errors import ConfigError, VaultError
from imagebank.core.files import disk_errors, hide_folder_times, remove_temporaries, write_bytes
from imagebank.core.progress import Progress
from imagebank.dicom.decisions import Refused
from imagebank.dicom.deidentify import VERSION
from imagebank.dicom.filing import Fate
from imagebank.dicom.policy import load_policy
from imagebank.engine import Outcome, key_of
from imagebank.identities.pseudonyms import Keys
from imagebank.identities.vault import key_bytes, write_new_key
from imagebank.workflows.standalone.lists import Counts, Places, count, write_lists, write_log
from imagebank.workflows.standalone.offered import Source, open_source
from imagebank.workflows.standalone.planning import Plan, plan_files
from imagebank.workflows.standalone.running import Destination, Seen, Workers, clean_source, judge_source
from imagebank.workflows.standalone.state import DecisionSet, State, Written, close_state, open_state
from imagebank.workflows.standalone.steps import CleanResult, Judged, read_offered
from imagebank.workflows.standalone.subjects import MappedSubject, Subjects, read_subject_map
from imagebank.workflows.standalone.verifying import VERIFY, Leak, Verified, verify_jobs

KEYS_FOR = "deidentify"  # stands for the id of a bank: the key file of a bank gives other ids here than in the bank


@dataclass(frozen=True)
class Request:
    """What is asked for. `workers` 0 means one a processor core."""

    source: Path
    output: Path
    key_file: Path
    new_key: bool = False
    policy: str = "default"
    subject_map: Path | None = None
    shared_subjects: bool = False
    by_issuer: bool = False
    workers: int = 0
    verify: bool = False
    keep_refused: bool = False


@dataclass(frozen=True)
class Summary:
    """What came of it; `unlisted` counts the folders that could not be listed."""

    counts: Counts
    places: Places
    unlisted: int
    verified: Verified | None = None


def deidentify_source(request: Request, *, progress: Progress) -> Summary:
    """De-identify a source into a folder. Can be killed and run again.

    Raises ConfigError, SourceError or VaultError for what is asked wrongly, DiskFull when no space is left.
    """
    places = Places(request.output.resolve())
    load_policy(request.policy)
    source = open_source(request.source, places.quarantine)
    _check_apart(source, places)
    keys = read_keys(request.key_file, new=request.new_key)
    subjects = Subjects(keys, _mapped(request), request.by_issuer)
    _make_folders(places)
    workers = Workers(request.workers or os.cpu_count() or 1, progress)
    with open_state(places.state, subjects.keys) as state:
        remove_temporaries(places.output)
        seen = judge_source(source, workers, values_for=request.policy if request.verify else "")
        plan = plan_files(seen.judged, subjects)
        for path in plan.withdrawn:
            (places.output / path).unlink(missing_ok=True)
        fates = dict(plan.settled) | _clean(request, places, source, plan, seen.judged, state, workers)
        counts = _tell(request, places, seen, plan, fates, state)
        if request.keep_refused:
            _keep_refused(places, source, fates)
        close_state(places.state, state)
    verified = _verify(places, seen, plan, fates, workers) if request.verify else None
    hide_folder_times(places.output)
    return Summary(counts, places, source.unlisted, verified)


def read_keys(path: Path, *, new: bool) -> Keys:
    """The keys of a key file, which is made when `new`. Raises VaultError when the file holds no key."""
    if new:
        write_new_key(path)
    try:
        text = path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise VaultError(
            f"The key file cannot be read ({type(error).__name__}).", "name the key file, or make one with --new-key"
        ) from None
    return Keys(key_bytes(text, "The key file"), KEYS_FOR)


def _mapped(request: Request) -> dict[str, MappedSubject] | None:
    return read_subject_map(request.subject_map, shared=request.shared_subjects) if request.subject_map else None


def _check_apart(source: Source, places: Places) -> None:
    root = source.root.resolve()
    for path in (places.output, places.log, places.quarantine):
        if source.kind == "folder" and (path.is_relative_to(root) or root.is_relative_to(path)):
            raise ConfigError("Source and destination lie in one another.", "name a destination beside the source")
    if places.output.exists() and not places.output.is_dir():
        raise ConfigError("The destination is a file.", "name a folder")
    if places.output.is_dir() and any(places.output.iterdir()) and not places.state.is_file():
        raise ConfigError(
            "The destination holds something that this command did not write.", "name a new or empty folder"
        )


def _make_folders(places: Places) -> None:
    try:
        with disk_errors():
            for folder in (places.output, places.log, places.quarantine):
                folder.mkdir(parents=True, exist_ok=True)
            places.quarantine.chmod(0o700)
            (places.output / ".tmp-try").touch()
    except OSError as error:
        raise ConfigError(
            f"The destination cannot be written ({type(error).__name__}).", "name a folder that this user may write"
        ) from None


def _clean(
    request: Request, places: Places, source: Source, plan: Plan, judged: list[Judged], state: State, workers: Workers
) -> dict[int, Fate]:
    """Clean what the plan wants, remember it, and say what became of each file."""
    digest = load_policy(request.policy).digest
    keys = {position: _state_key(judged[position], plan, position, digest) for position in plan.placed}
    known = {key: each.sha256 for key, each in state.written.items()}
    to = Destination(places.output, request.policy, known, keys)
    fates: dict[int, Fate] = {}
    for offered, result in clean_source(source, plan, judged, to, workers):
        position = offered.position
        if result.reason:
            fates[position] = (Outcome.QUARANTINED, result.reason)
            continue
        fates[position] = (Outcome.BANKED, "")
        state.add(keys[position], *_remembered(result, plan.placed[position].path, state.written.get(keys[position])))
    gone = (Outcome.QUARANTINED, "changed-while-read")  # an archive that gave more when it was read before
    return dict.fromkeys(plan.placed, gone) | fates


def _remembered(result: CleanResult, path: str, before: Written | None) -> tuple[Written, DecisionSet]:
    if result.decisions is None and before is not None:
        return before, ()
    decisions = result.decisions or ()
    return Written(path, result.sha256, key_of("decisions", "1", [list(each) for each in decisions])), decisions


def _state_key(judged: Judged, plan: Plan, position: int, policy: str) -> str:
    """What an output depends on, under the key: without it nothing can be learned of the input from the state."""
    placed = plan.placed[position]
    subject = placed.subject
    text = key_of(
        "clean", VERSION, judged.facts.digest.hex(), policy, subject.offset_days, subject.station, placed.path
    )
    return subject.uids.item(text)


def _tell(request: Request, places: Places, seen: Seen, plan: Plan, fates: dict[int, Fate], state: State) -> Counts:
    """Write the log and the lists."""
    rows: dict[Outcome, list[tuple[str, str]]] = defaultdict(list)
    for position, judged in enumerate(seen.judged):
        outcome, reason = fates[position]
        rows[outcome].append((judged.name.reveal("list a file for a steward"), reason))
    write_lists(places, rows)
    patients = len({plan.placed[position].subject.pseudonym for position, fate in fates.items() if not fate[1]})
    written = {plan.placed[position].path for position, fate in fates.items() if not fate[1]}
    left = len({each.path for each in state.kept().values()} - written)
    counts = count(fates, patients, left)
    policy = load_policy(request.policy)
    about = {"policy": f"{policy.name} {policy.version} {policy.digest}", "version": VERSION}
    write_log(places, counts, state, about)
    return counts


def _keep_refused(places: Places, source: Source, fates: dict[int, Fate]) -> None:
    """Copy what was refused into the quarantine folder, under its digest; what cannot be read is on the list only."""
    for offered in source:
        fate = fates.get(offered.position)  # none where the archive has grown meanwhile
        if fate and fate[0] is Outcome.QUARANTINED:
            try:
                content = read_offered(offered)
            except Refused:
                continue
            write_bytes(places.quarantine / "files" / hashlib.sha256(content).hexdigest()[:32], content)


def _verify(places: Places, seen: Seen, plan: Plan, fates: dict[int, Fate], workers: Workers) -> Verified:
    """Search all that was written, and list what was found for a steward."""
    written = [position for position, (outcome, _) in fates.items() if outcome is Outcome.BANKED]
    jobs = verify_jobs(places.output, seen, plan, written)
    leaks: set[Leak] = set()
    failed = 0
    for done in workers.run(VERIFY, jobs, len(written)):
        leaks |= set(done.result or ())
        failed += done.job.weight if done.result is None else 0
    values = len({needle for job in jobs for needle in job.task.needles})
    text = "".join(f'{leak.path},{leak.kind},"{leak.place}"\n' for leak in sorted(leaks))
    write_bytes(places.quarantine / "leaks.csv", f"output,kind,place\n{text}".encode())
    return Verified(len(written), values, tuple(sorted(leaks)), failed)
