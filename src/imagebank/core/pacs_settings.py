"""The settings of acquisition: whom we ask for images, how, when, how fast, and what lies in the landing zone.

Secrets are named, never written: a setting that ends in `_variable` is the name of an environment variable.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass as setting

STRICT = ConfigDict(extra="forbid")
TITLE = r"^[ -~]{1,16}$"  # an application entity title: at most 16 printable characters
OPTIONAL_TITLE = r"^[ -~]{0,16}$"
HOURS = r"^(?i)((mon|tue|wed|thu|fri|sat|sun|holiday)(-(mon|tue|wed|thu|fri|sat|sun))? )?\d\d:\d\d-\d\d:\d\d$"
NUMBER = r"^[^{}*?\\]*\{(number|spaced|digits|bare|lower)(:0>\d{1,2})?\}[^{}*?\\]*$"
HOLIDAYS = r"^(\d{4}-\d\d-\d\d|[A-Za-z]{2,3}(-[A-Za-z0-9]{1,4})?)$"
DAY = r"^(\d{4}-\d\d-\d\d)?$"


def _help(text: str, **bounds: Any) -> Any:
    return Field(description=text, **bounds)


@setting(frozen=True, config=STRICT)
class PacsSource:
    """A source that images are fetched from: a PACS (DICOMweb or DIMSE), or a folder of archives and media."""

    name: Annotated[str, _help("Short name that tables and reports use.", pattern=r"^[a-z0-9][a-z0-9-]*$")]
    kind: Annotated[
        Literal["dicomweb", "dimse", "media"],
        _help("dicomweb: QIDO-RS and WADO-RS; dimse: C-FIND with C-MOVE or C-GET; media: zip, tar, DICOMDIR, folders."),
    ]
    site: Annotated[
        str, _help("Sources of one site serve the same images: a later one is asked only for what an earlier one left.")
    ] = ""
    priority: Annotated[int, _help("Lower goes first; where equal, dicomweb goes before dimse.", ge=0)] = 0
    url: Annotated[str, _help("dicomweb: where the service begins, for example https://pacs/dicom-web.")] = ""
    path: Annotated[str, _help("media: the folder; relative paths start at the bank.")] = ""
    host: Annotated[str, _help("dimse: host name or address of the PACS.")] = ""
    port: Annotated[int, _help("dimse: port of the PACS.", ge=1, le=65535)] = 104
    called_title: Annotated[str, _help("dimse: application entity title of the PACS.", pattern=OPTIONAL_TITLE)] = ""
    calling_title: Annotated[str, _help("dimse: our own title, as the PACS team knows it.", pattern=TITLE)] = (
        "IMAGEBANK"
    )
    retrieve: Annotated[Literal["move", "get"], _help("dimse: how images are fetched, C-MOVE or C-GET.")] = "move"
    receive_address: Annotated[str, _help("dimse, C-MOVE: the address of this machine that we listen on.")] = (
        "127.0.0.1"
    )
    receive_port: Annotated[int, _help("dimse, C-MOVE: the port where the PACS sends images to.", ge=0, le=65535)] = (
        11112
    )
    store_titles: Annotated[
        tuple[str, ...], _help("dimse, C-MOVE: titles that the PACS sends from, where it is not called_title.")
    ] = ()
    flush: Annotated[
        Literal["groups", "each"],
        _help(
            "dimse: when images are flushed to the disk: in groups before they are counted; or each before the PACS is "
            "answered, which is slower, and needed only where a PACS deletes what it sent."
        ),
    ] = "groups"
    tls: Annotated[bool, _help("dimse: use secure associations, in both directions.")] = False
    ca_file: Annotated[
        str, _help("File of the authority that signs the certificate of the PACS; empty: the system's.")
    ] = ""
    certificate_file: Annotated[str, _help("Our own certificate (PEM), where the PACS wants one.")] = ""
    key_file: Annotated[str, _help("The key of our certificate (PEM), outside the bank.")] = ""
    user: Annotated[str, _help("dicomweb: user name of basic authentication.")] = ""
    password_variable: Annotated[str, _help("dicomweb: environment variable with the password.")] = ""
    token_variable: Annotated[str, _help("dicomweb: environment variable with a bearer token.")] = ""
    token_url: Annotated[str, _help("dicomweb: where an OAuth2 token is had for client credentials.")] = ""
    client_id: Annotated[str, _help("dicomweb: our client id for token_url.")] = ""
    client_secret_variable: Annotated[str, _help("dicomweb: environment variable with the client secret.")] = ""
    token_scope: Annotated[str, _help("dicomweb: the scope that token_url is asked for, where it wants one.")] = ""
    hospital_numbers: Annotated[
        tuple[Annotated[str, Field(pattern=NUMBER)], ...],
        _help(
            'How hospital numbers are written there: ["{number}", "RX1{number:0>8}"]; [] never asks. See docs/pacs.md.'
        ),
    ] = ("{number}",)
    nhs_numbers: Annotated[
        tuple[Annotated[str, Field(pattern=NUMBER)], ...],
        _help('How NHS numbers are written there: ["{number}"], ["{spaced}"] for 943 476 5919; [] never asks by them.'),
    ] = ()
    modalities: Annotated[tuple[str, ...], _help("Only series of these modalities; [] means all.")] = ("MR",)
    body_parts: Annotated[
        tuple[str, ...], _help("Only series of these body parts, and those that name none; [] means all.")
    ] = ()
    study_descriptions: Annotated[
        tuple[str, ...], _help("Only studies whose description fits one of these patterns (*head*); [] means all.")
    ] = ()
    skip_series: Annotated[
        tuple[str, ...], _help("Series whose description fits one of these patterns are never fetched (*loc*).")
    ] = ()
    earliest: Annotated[str, _help("First study date that is fetched, 2008-01-31; empty: no limit.", pattern=DAY)] = ""
    latest: Annotated[str, _help("Last study date that is fetched; empty: no limit.", pattern=DAY)] = ""
    hours: Annotated[
        tuple[Annotated[str, Field(pattern=HOURS)], ...],
        _help(
            'When we may ask: ["mon-fri 19:00-06:00", "sat-sun 00:00-24:00", "holiday 00:00-24:00"]; [] means always.'
        ),
    ] = ()
    time_zone: Annotated[str, _help("The time zone of these hours.")] = "Europe/London"
    holidays: Annotated[
        tuple[Annotated[str, Field(pattern=HOLIDAYS)], ...],
        _help(
            'Bank holidays: ["GB-ENG"] for those of a country or its part (ISO 3166) each year, and days as 2026-12-25.'
        ),
    ] = ()
    studies_per_minute: Annotated[float, _help("Most studies fetched a minute; 0 means no limit.", ge=0)] = 0
    megabytes_per_second: Annotated[float, _help("Most MB fetched a second; 0 means no limit.", ge=0)] = 0
    associations: Annotated[int, _help("Most associations or connections at once.", ge=1, le=16)] = 2
    attempts: Annotated[int, _help("How often a series is tried in one run.", ge=1, le=10)] = 3
    timeout_seconds: Annotated[float, _help("How long we wait for a sign of life of the PACS.", gt=0)] = 60
    settle_minutes: Annotated[
        float, _help("A study is complete when its counts still agree this long after they first did.", ge=0)
    ] = 60
    answers: Annotated[int, _help("Most studies taken from one query; more are refused, not cut.", ge=1)] = 20_000


@setting(frozen=True, config=STRICT)
class LandingSettings:
    """The landing zone, where identifiable DICOM waits until it is banked."""

    keep_days: Annotated[
        float, _help("Files are deleted this long after they landed, once banked and verified; -1 keeps them.", ge=-1)
    ] = 30
    quota_gb: Annotated[
        float, _help("Most GB in the landing zone; then we stop and say so. 0 means no limit.", ge=0)
    ] = 0
    free_gb: Annotated[float, _help("GB of the disk that are always left free.", ge=0)] = 1
    largest_mb: Annotated[int, _help("Largest instance that is accepted, in MB.", ge=1)] = 2048


@setting(frozen=True, config=STRICT)
class ReceiveSettings:
    """The node that scanners and PACS push to: `imagebank receive`."""

    name: Annotated[str, _help("Source name of what is pushed.", pattern=r"^[a-z0-9][a-z0-9-]*$")] = "pushed"
    title: Annotated[str, _help("Our application entity title.", pattern=TITLE)] = "IMAGEBANK"
    address: Annotated[str, _help("The address of this machine that we listen on.")] = "127.0.0.1"
    port: Annotated[int, _help("The port that we listen on.", ge=0, le=65535)] = 11112
    peers: Annotated[
        tuple[Annotated[str, Field(pattern=r"^[ -~]{1,16}?(@[^@ ]+:\d{1,5})?$")], ...],
        _help(
            'Titles that may send, with host and port where they want storage commitment: ["MR1", "MR2@10.0.0.9:104"].'
        ),
    ] = ()
    associations: Annotated[int, _help("Most associations at once.", ge=1, le=100)] = 10
    timeout_seconds: Annotated[float, _help("A peer that is silent this long is hung up on.", gt=0)] = 60
    tls: Annotated[bool, _help("Accept secure associations only.")] = False
    ca_file: Annotated[str, _help("Authority of the peers' certificates: with it, peers must show one.")] = ""
    certificate_file: Annotated[str, _help("Our own certificate (PEM).")] = ""
    key_file: Annotated[str, _help("The key of our certificate (PEM), outside the bank.")] = ""
