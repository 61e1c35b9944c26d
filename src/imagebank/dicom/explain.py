"""What a policy does to one file, element by element: places, actions and rules, never a value.

The answer is read off the de-identified instance itself, so that it is what happens and not what was meant to. The name
of a private creator is shown only where the safe list has it: anybody may write anything there.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset, FileDataset
from pydicom.tag import Tag

from imagebank.core.errors import SourceError
from imagebank.dicom.decisions import Refused, label
from imagebank.dicom.deidentify import deidentify
from imagebank.dicom.headers import IMAGE, read_facts
from imagebank.dicom.pixel_cleaning import clean_pixels
from imagebank.dicom.policy import DENY_PRIVATE, Policy
from imagebank.dicom.policy_report import name_of
from imagebank.dicom.rule import Action, Rule
from imagebank.dicom.values import Subject
from imagebank.identities.pseudonyms import Keys

NOBODY = Subject("nobody", -1, "nowhere", Keys(bytes(32), "explain").uid_map)  # values are never shown
WRITTEN_ANEW = "written-anew"


@dataclass(frozen=True)
class ElementTold:
    """One element: where it stands, its keyword (or the creator of its block), what happens to it and by which rule."""

    place: str
    name: str
    action: str
    rule: str


@dataclass(frozen=True)
class FileTold:
    """One file: what the index says of it, why it would be refused if it would, and its elements."""

    verdict: str
    refused: str
    elements: tuple[ElementTold, ...]


def explain_file(path: Path, policy: Policy) -> FileTold:
    """What the policy does to a DICOM file. Raises SourceError where it is none, or cannot be read."""
    source = _read(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they quote values
        policy = policy.for_class(str(source.get("SOPClassUID", "")))
        clean, refused = _cleaned(source, policy)
        elements = (*_file_meta(source), *_elements(source, clean, policy, ""), *_added(source, clean))
    verdict = read_facts(path).verdict
    return FileTold("" if verdict == IMAGE else verdict, refused, elements)


def _read(path: Path) -> FileDataset:
    try:
        content = path.read_bytes()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = pydicom.dcmread(io.BytesIO(content), force=content[128:132] != b"DICM")
            if any(tag >> 16 == 8 for tag in map(int, found.keys())):
                return found
    except OSError as error:
        raise SourceError(f"{path} cannot be read ({type(error).__name__}).", "give a file that you may read") from None
    except Exception:  # pydicom raises many kinds for what is no DICOM
        raise SourceError(f"{path} is not a DICOM file that can be read.", "give a DICOM file") from None
    raise SourceError(f"{path} is not a DICOM file.", "give a DICOM file")


def _cleaned(source: FileDataset, policy: Policy) -> tuple[Dataset | None, str]:
    try:
        clean, _ = deidentify(source, NOBODY, policy)
        clean_pixels(clean, source, policy)
        return clean, ""
    except Refused as refusal:
        return None, str(refusal)
    except Exception:  # whatever a malformed instance makes pydicom raise
        return None, "unreadable"


def _file_meta(source: FileDataset) -> Iterator[ElementTold]:
    yield ElementTold("preamble", "", Action.REMOVE.value, WRITTEN_ANEW)
    for tag in sorted(map(int, source.file_meta.keys())):
        yield ElementTold(label(tag), name_of(tag), Action.REMOVE.value, WRITTEN_ANEW)


def _elements(source: Dataset, clean: Dataset | None, policy: Policy, place: str) -> Iterator[ElementTold]:
    tags = sorted(map(int, source.keys()))
    creators = {tag: _creator(source, tag) for tag in tags if Tag(tag).is_private_creator}
    for tag in tags:
        if tag in creators:
            continue
        creator = creators.get(tag & 0xFFFF0000 | (tag >> 8 & 0xFF), "") if tag >> 16 & 1 else ""
        rule = _rule(policy, tag, creator)
        lost = clean is not None and tag not in clean
        action = Action.REMOVE if lost else rule.action
        why = f"{rule.rule}:unreadable" if lost and rule.action is not Action.REMOVE else rule.rule
        yield ElementTold(place + label(tag), _name(policy, tag, creator), action.value, why)
        if action is Action.SEQUENCE:
            yield from _items(source, clean, policy, tag, place)


def _rule(policy: Policy, tag: int, creator: str) -> Rule:
    if not tag >> 16 & 1:
        return policy.rule(tag)
    return policy.private_rule(tag, creator) if creator else DENY_PRIVATE


def _items(source: Dataset, clean: Dataset | None, policy: Policy, tag: int, place: str) -> Iterator[ElementTold]:
    made = list(clean[tag].value) if clean is not None else []
    for number, item in enumerate(source[tag].value):
        inner = f"{place}{label(tag)}[{number + 1}]/"
        yield from _elements(item, made[number] if number < len(made) else None, policy, inner)


def _creator(source: Dataset, tag: int) -> str:
    try:
        return str(source[tag].value).strip()
    except Exception:  # as in deidentify: such a creator owns no safe element
        return ""


def _name(policy: Policy, tag: int, creator: str) -> str:
    if not tag >> 16 & 1:
        return name_of(tag)
    known = any(group == tag >> 16 and owner == creator for group, owner, _ in policy.private)
    return creator if known else "private"


def _added(source: Dataset, clean: Dataset | None) -> Iterator[ElementTold]:
    for tag in sorted(map(int, clean.keys())) if clean is not None else ():
        if tag not in source and not tag >> 16 & 1:
            yield ElementTold(label(tag), name_of(tag), "added", "says-how-it-was-de-identified")
