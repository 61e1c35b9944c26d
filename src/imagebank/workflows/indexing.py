"""index: every file of every image source is opened once and known by what it is."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from imagebank.core.config import ImageSource
from imagebank.core.private import Private
from imagebank.dicom import words
from imagebank.dicom.headers import PASSING, VERSION, FileFacts, SeriesHeader, read_facts
from imagebank.engine import Done, Job, Step
from imagebank.engine.step import Failure
from imagebank.identities.pseudonyms import Keys, UidMap
from imagebank.identities.whereabouts import Header, Indexed, Listed, Whereabouts
from imagebank.workflows.opening import Work, run_step, source_folder

FILES_A_TASK = 128  # a tenth of a second of work: enough to hide the cost of handing it over


@dataclass(frozen=True)
class IndexTask:
    """Some files of one folder."""

    folder: Private
    names: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True)
class _Folder:
    """A folder in which something is new."""

    source: str
    path: bytes = field(repr=False)
    whole: bytes = field(repr=False)
    new: int


def index_files(task: IndexTask) -> tuple[FileFacts, ...]:
    """The facts of each file, in order."""
    folder = os.fsencode(task.folder.reveal("read files of the source"))
    return tuple(read_facts(Path(os.fsdecode(folder + b"/" + name))) for name in task.names)


INDEX: Step[IndexTask, tuple[FileFacts, ...]] = Step("index", VERSION, index_files)


def index_sources(work: Work) -> int:
    """Index what is new, or all under new rules; returns how many folders could not be listed."""
    Whereabouts(work.vault).read_again_unless(VERSION)
    unlisted = 0
    for source in work.bank.image_sources():
        unlisted += _index_source(work, source)
    return unlisted


def _index_source(work: Work, source: ImageSource) -> int:
    root = os.fsencode(source_folder(work.bank, source))
    index = Whereabouts(work.vault)
    unlisted: list[bytes] = []
    changed = list(_changed_folders(index, source.name, root, unlisted))
    if changed:
        _read_folders(work, index, changed)
    return len(unlisted)


def _changed_folders(index: Whereabouts, source: str, root: bytes, unlisted: list[bytes]) -> Iterator[_Folder]:
    known = index.folders(source)
    for whole, listed in walk(root, unlisted):
        path = os.path.relpath(whole, root)
        if listed and known.get(path, (0, ""))[1] != listing_hash(listed):
            new = len(_new_files(index, source, path, listed))
            yield _Folder(source, path, whole, new)


def walk(root: bytes, unlisted: list[bytes]) -> Iterator[tuple[bytes, list[Listed]]]:
    """Each folder below `root` with its files, in order; links are followed, but no folder is entered twice."""
    entered: set[tuple[int, int]] = set()
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        try:
            state = os.stat(folder)  # noqa: PTH116 - paths of any bytes
            if (state.st_dev, state.st_ino) in entered:
                continue
            entered.add((state.st_dev, state.st_ino))
            files, folders = _list_folder(folder)
        except OSError:
            unlisted.append(folder)  # counted and reported by the caller
            continue
        waiting += sorted(folders, reverse=True)
        yield folder, files


def _list_folder(folder: bytes) -> tuple[list[Listed], list[bytes]]:
    files, folders = [], []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                folders.append(entry.path)
            elif entry.is_file() or _leads_nowhere(entry):
                files.append(_listed(entry))
    return sorted(files, key=lambda each: each.name), folders


def _leads_nowhere(entry: os.DirEntry[bytes]) -> bool:
    """A link whose file is gone: it was offered, and must not be passed by. Sockets and pipes are no files."""
    return entry.is_symlink() and not os.path.exists(entry.path)  # noqa: PTH110 - paths of any bytes


def _listed(entry: os.DirEntry[bytes]) -> Listed:
    try:
        state = entry.stat()
    except OSError:  # vanished, or a link to nowhere: still offered, and judged when it is opened
        return Listed(entry.name, 0, 0)
    return Listed(entry.name, state.st_size, state.st_mtime_ns)


def listing_hash(files: list[Listed]) -> str:
    """The same as long as no file of a folder comes, goes or changes."""
    digest = hashlib.blake2b(digest_size=16)
    for each in files:
        digest.update(b"%s\0%d\0%d\0" % (each.name, each.size, each.modified))
    return digest.hexdigest()


def _new_files(index: Whereabouts, source: str, path: bytes, listed: list[Listed]) -> list[Listed]:
    known = index.known(source, path, PASSING)
    return [each for each in listed if known.get(each.name) != each]


def _read_folders(work: Work, index: Whereabouts, changed: list[_Folder]) -> None:
    under_way: dict[str, _FolderUnderWay] = {}
    jobs = _jobs(work.vault.keys, index, changed, under_way)
    alone: list[Job[IndexTask]] = []
    for done, attempt in run_step(work, INDEX, jobs, sum(folder.new for folder in changed), unit="files"):
        work.ledger.record(None, attempt)
        if done.failure and len(done.job.task.names) > 1:
            alone += _one_by_one(done.job, under_way[done.job.item])
        else:
            _keep(work, index, under_way[done.job.item], done)
    if alone:  # one of each lot ended its worker: the others must not suffer for it
        for done, attempt in run_step(work, INDEX, alone, len(alone), unit="files"):
            work.ledger.record(None, attempt)
            _keep(work, index, under_way[done.job.item], done)


def _keep(
    work: Work, index: Whereabouts, folder: _FolderUnderWay, done: Done[IndexTask, tuple[FileFacts, ...]]
) -> None:
    """Write down what was found, and that the folder is complete once its last files are in."""
    listed = folder.waiting.pop(done.job.key)
    facts = done.result or tuple(_unreadable(done.failure) for _ in listed)
    told = {found.header for found in facts if found.header}
    headers = {header: header_of(header, work.vault.keys) for header in told}  # one a series, not one a file
    uids = work.vault.keys.uid_map
    files = [_indexed(each, found, uids, headers) for each, found in zip(listed, facts, strict=True)]
    folder.again |= any(file.verdict in PASSING for file in files)
    finished = not folder.waiting and folder.all_given and not folder.again
    index.add(folder.source, folder.path, files, listing=folder.listing if finished else "")


def _one_by_one(job: Job[IndexTask], folder: _FolderUnderWay) -> list[Job[IndexTask]]:
    listed = folder.waiting.pop(job.key)
    folder.waiting |= {f"{job.key}.{place}": [each] for place, each in enumerate(listed)}
    tasks = [IndexTask(job.task.folder, (each.name,)) for each in listed]
    return [Job(job.item, f"{job.key}.{place}", task) for place, task in enumerate(tasks)]


@dataclass
class _FolderUnderWay:
    """A folder whose files are being read: the tasks still out, by key."""

    source: str
    path: bytes
    listing: str
    waiting: dict[str, list[Listed]]
    all_given: bool = False
    again: bool = False


def _jobs(
    keys: Keys, index: Whereabouts, changed: list[_Folder], under_way: dict[str, _FolderUnderWay]
) -> Iterator[Job[IndexTask]]:
    for folder in changed:
        item = folder_item(keys, folder.source, folder.path)
        try:
            listed = _list_folder(folder.whole)[0]
        except OSError:
            continue  # gone since it was walked: the next run will see what is left
        new = _new_files(index, folder.source, folder.path, listed)
        state = _FolderUnderWay(folder.source, folder.path, listing_hash(listed), {})
        under_way[item] = state
        if not new:  # files only went: what was offered stays offered
            index.add(folder.source, folder.path, (), listing=state.listing)
        for start in range(0, len(new), FILES_A_TASK):
            some = new[start : start + FILES_A_TASK]
            state.waiting[str(start)] = some
            state.all_given = start + FILES_A_TASK >= len(new)
            task = IndexTask(Private(os.fsdecode(folder.whole)), tuple(each.name for each in some))
            yield Job(item, str(start), task, len(some))


def folder_item(keys: Keys, source: str, path: bytes) -> str:
    """The bank's own id of a folder."""
    return keys.label("folder", f"{source}:{path.hex()}", 26)


def _unreadable(failure: Failure | None) -> FileFacts:
    """A file whose worker died or failed: refused, and looked at by a person."""
    reason = failure.reason if failure else ""
    return FileFacts(reason if reason in PASSING else "unreadable-header", 0)


def _indexed(listed: Listed, facts: FileFacts, uids: UidMap, headers: Mapping[SeriesHeader, Header]) -> Indexed:
    series = facts.series_uid.reveal("derive the id of a series")
    instance = facts.instance_uid.reveal("derive the id of an instance")
    return Indexed(
        listed=listed,
        digest=facts.digest,
        verdict=facts.verdict,
        series=uids.item(series) if series else "",
        instance=uids.bits(instance) if instance else b"",
        header=headers[facts.header] if facts.header else None,
    )


def header_of(header: SeriesHeader, keys: Keys) -> Header:
    """What the files of a series agree on, under ids that the keys give."""
    machine = header.machine
    maker, model = words.maker(machine.manufacturer), words.clean_model(machine.model)
    station = [each.reveal("derive the id of a scanner") for each in (machine.station, machine.serial)]
    return Header(
        study=keys.uid_map.item(header.study_uid.reveal("derive the id of a study")),
        claim=header.claim,
        scanner=keys.label("scanner", "|".join([maker, model, *station])),
        manufacturer=maker,
        model=model,
        field_strength_t=machine.field_strength_t,
    )
