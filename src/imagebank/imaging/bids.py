"""Which BIDS name each image of a session gets, decided for the whole session at once.

Pure: the same images give the same names in any order, no two images share a name, and every image gets exactly one,
either in BIDS 1.10 or under `unsorted` with a reason. A name is given only where BIDS has one that is certain. Names
are stable: a series that sorts after all others (a higher series number) never changes a name that they had without it,
because every decision about an image looks at its own series and at what sorts before it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from imagebank.imaging import fieldmaps
from imagebank.imaging.entities import UNSORTED, Kind, stem, values
from imagebank.imaging.labelling import facts_missing
from imagebank.imaging.model import Image
from imagebank.imaging.vocabulary import read_label, sequence_of

PROTON_DENSITY_BELOW_MS = 45.0
"""Of the two echoes of a dual-echo spin echo, one below this is proton-density weighted, the other T2-weighted."""

SPIN_ECHOES = ("PDw", "T2w", "PD+T2")
ECHOES_IN_NAME = ("T1w", "FLAIR", "MESE", "MEGRE", "bold", "sbref")
"""Suffixes whose images are told apart by their echo."""

Key = tuple[str, int]


@dataclass(frozen=True)
class Named:
    """The name of one image: its folder and stem within the session, or a reason why BIDS has none.

    `facts` are what its sidecar must say because of the other images of its session.
    """

    image: Image
    datatype: str
    stem: str
    reason: str
    facts: Mapping[str, object] = field(default_factory=dict)

    @property
    def in_bids(self) -> bool:
        """Whether the image has a BIDS name."""
        return not self.reason

    @property
    def key(self) -> Key:
        """Series and number of the image."""
        return self.image.series, self.image.number


@dataclass(frozen=True)
class _Wish:
    """What an image is to be called before runs are counted; `run` is given for the images of a field map."""

    kind: Kind
    reason: str = ""
    run: int | None = None


def name_images(patient: str, session: str, images: Iterable[Image]) -> tuple[Named, ...]:
    """Name all images of a session, in the stable order of series number, series id and image number."""
    ordered = sorted(images, key=_order)
    echoes = _echo_times(ordered)
    plain = {_key(i): _wish(i, echoes[i.series]) for i in ordered if sequence_of(i.sequence).datatype != "fmap"}
    mapped, maps = _field_map_wishes([image for image in ordered if _key(image) not in plain])
    wishes = [{**plain, **mapped}[_key(image)] for image in ordered]
    named = _settle(f"sub-{patient}_ses-{session}", wishes)
    return _link_field_maps(named, maps, f"bids::sub-{patient}/ses-{session}")


def objection(image: Image, echoes_ms: Sequence[float] = ()) -> str:
    """Why BIDS has no certain name for an image, as a reason code; empty when it has one.

    `echoes_ms` are the different echo times of its series.
    """
    known = sequence_of(image.sequence)
    if known.reason or image.doubt:
        return known.reason or image.doubt
    if any(each.meaning == "computed" for each in read_label(image.label)):
        return "computed-by-converter"
    rules = {"anat": _anatomical, "dwi": _diffusion, "func": _functional, "perf": _perfusion}
    return rules[known.datatype](image, echoes_ms) if known.datatype in rules else ""


def _anatomical(image: Image, _: Sequence[float]) -> str:
    if image.plane == "several":
        return "mixed-slices"
    if image.sequence == "PD+T2" and image.echo_time_ms is None:
        return "no-echo-times"
    return "several-volumes" if image.volumes != 1 else ""


def _diffusion(image: Image, echoes_ms: Sequence[float]) -> str:
    if not image.b_values or image.b_values != image.volumes:
        return "no-b-values"
    return "several-echoes" if len(echoes_ms) > 1 else ""


def _functional(image: Image, _: Sequence[float]) -> str:
    if image.volumes < 2 and sequence_of(image.sequence).suffix != "sbref":
        return "single-volume"
    return "" if "RepetitionTime" in image.known else "no-repetition-time"


def _perfusion(image: Image, echoes_ms: Sequence[float]) -> str:
    if len(echoes_ms) > 1:
        return "several-echoes"
    missing = facts_missing(image.volume_types, image.volumes, image.labelling, image.known)
    return "asl-facts-missing" if missing else ""


def _wish(image: Image, echoes_ms: tuple[float, ...]) -> _Wish:
    """The name an image would have if its series were alone in its session."""
    rank = echoes_ms.index(image.echo_time_ms) + 1 if image.echo_time_ms is not None and len(echoes_ms) > 1 else None
    reason = objection(image, echoes_ms)
    if reason:
        return _Wish(Kind(image, UNSORTED, UNSORTED, rank), reason)
    suffix = _suffix(image, echoes_ms)
    return _Wish(Kind(image, sequence_of(image.sequence).datatype, suffix, rank if suffix in ECHOES_IN_NAME else None))


def _suffix(image: Image, echoes_ms: Sequence[float]) -> str:
    """The suffix of an image; several echoes make another of some."""
    told = sequence_of(image.sequence).suffix
    if image.echo_time_ms is None:
        return told
    if image.sequence in SPIN_ECHOES and (len(echoes_ms) > 1 or image.sequence == "PD+T2"):
        short = [time < PROTON_DENSITY_BELOW_MS for time in echoes_ms]
        if len(echoes_ms) > 2 or (len(echoes_ms) == 2 and short[0] == short[1]):
            return "MESE"
        return "PDw" if image.echo_time_ms < PROTON_DENSITY_BELOW_MS else "T2w"
    return "MEGRE" if image.sequence == "T2starw" and len(echoes_ms) > 1 else told


def _field_map_wishes(images: Sequence[Image]) -> tuple[dict[Key, _Wish], tuple[fieldmaps.FieldMap, ...]]:
    """The wishes of field-map images, which are decided together."""
    sound = [image for image in images if not objection(image)]
    found = fieldmaps.roles(sound)
    maps = fieldmaps.field_maps(found)
    number = {_key(image): each for each in maps for _, image in each.images}
    wishes = {_key(image): _Wish(Kind(image, UNSORTED, UNSORTED), objection(image)) for image in images}
    for role in found:
        key = _key(role.image)
        reason = role.reason or _phase_objection(role, number.get(key))
        kind = Kind(role.image, UNSORTED, UNSORTED) if reason else Kind(role.image, "fmap", role.suffix)
        wishes[key] = _Wish(kind, reason, number[key].number if key in number and not reason else None)
    return wishes, maps


def _phase_objection(role: fieldmaps.Role, field_map: fieldmaps.FieldMap | None) -> str:
    """A phase difference is of no use without both echo times."""
    if role.suffix != "phasediff" or {"EchoTime1", "EchoTime2"} <= role.image.known:
        return ""
    return "" if field_map and len(field_map.echo_times_ms) == 2 else "no-echo-times"


def _settle(prefix: str, wishes: Sequence[_Wish]) -> list[Named]:
    """Turn wishes into names: every image has a run, counted among those whose names are otherwise equal."""
    seen: Counter[object] = Counter()
    named = []
    for wish in wishes:
        kind = wish.kind
        run = wish.run
        if run is None:
            key = (kind.datatype, kind.suffix, values(kind))
            seen[key] += 1
            run = seen[key]
        datatype = "" if wish.reason else kind.datatype
        named.append(Named(kind.image, datatype, stem(prefix, kind, run), wish.reason))
    return named


def _link_field_maps(named: Sequence[Named], maps: Sequence[fieldmaps.FieldMap], session: str) -> tuple[Named, ...]:
    """Tell each field map which images it is for, and each of those which field map it has: the last before it."""
    identifiers = _identifiers(named, maps)
    sources = _sources(named, identifiers)
    intended: defaultdict[str, list[str]] = defaultdict(list)
    for each in named:
        if each.key in sources:
            intended[sources[each.key]].append(f"{session}/{each.datatype}/{each.stem}.nii.gz")
    times = {_key(image): each.echo_times_ms for each in maps for suffix, image in each.images if suffix == "phasediff"}
    return tuple(
        replace(each, facts=_facts(each, identifiers.get(each.key), sources.get(each.key), intended, times))
        for each in named
    )


def _identifiers(named: Sequence[Named], maps: Sequence[fieldmaps.FieldMap]) -> dict[Key, str]:
    """The identifier of the field map of each image that can serve as one: a magnitude alone cannot."""
    in_bids = {each.key for each in named if each.in_bids}
    whole = [each for each in maps if any(s in fieldmaps.PHASES and _key(i) in in_bids for s, i in each.images)]
    found = {_key(i): fieldmaps.identifier(each.number, "fieldmap") for each in whole for _, i in each.images}
    opposed = fieldmaps.pair_opposed([each.image for each in named if each.in_bids and each.stem.endswith("_epi")])
    return found | {key: fieldmaps.identifier(number, "opposed") for key, number in opposed.items()}


def _sources(named: Sequence[Named], identifiers: Mapping[Key, str]) -> dict[Key, str]:
    """The field map of each image that needs one: the last that began before it, else the first of the session."""
    current = next((identifiers[each.key] for each in named if each.key in identifiers), "")
    found = {}
    for each in named:
        current = identifiers.get(each.key, current)
        if current and each.datatype in fieldmaps.SERVED:
            found[each.key] = current
    return found


def _facts(
    named: Named,
    identifier: str | None,
    source: str | None,
    intended: Mapping[str, list[str]],
    times: Mapping[Key, tuple[float, ...]],
) -> dict[str, object]:
    """What the sidecar of an image says of field maps."""
    facts: dict[str, object] = {"B0FieldSource": source} if source else {}
    if identifier and named.in_bids:
        facts["B0FieldIdentifier"] = identifier
        if intended.get(identifier):
            facts["IntendedFor"] = intended[identifier]
    if len(times.get(named.key, ())) == 2 and named.in_bids:
        facts |= {f"EchoTime{n}": round(time / 1000, 6) for n, time in enumerate(times[named.key], start=1)}
    return facts


def _echo_times(images: Iterable[Image]) -> dict[str, tuple[float, ...]]:
    """The different echo times of each series, the shortest first."""
    found: defaultdict[str, set[float]] = defaultdict(set)
    for image in images:
        found[image.series] |= set() if image.echo_time_ms is None else {image.echo_time_ms}
    return {series: tuple(sorted(times)) for series, times in found.items()}


def _key(image: Image) -> Key:
    return image.series, image.number


def _order(image: Image) -> tuple[bool, int, str, int]:
    return (image.series_number is None, image.series_number or 0, image.series, image.number)
