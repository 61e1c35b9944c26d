"""bank.toml: what a bank is. Every setting is declared here once, with its help; unknown keys are refused.

Secrets are never in the file: the key of the vault comes from the environment or from a key file outside the bank, the
URL of a ledger server from an environment variable that the file names.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, get_args, get_type_hints

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as setting
from pydantic.fields import FieldInfo

from imagebank.core.errors import BankError, ConfigError
from imagebank.core.files import read_text
from imagebank.core.layout import CONFIG_NAME, Layout
from imagebank.core.pacs_settings import LandingSettings, PacsSource, ReceiveSettings
from imagebank.core.record_settings import RecordSettings, RecordSource

KEY_VARIABLE = "IMAGEBANK_KEY"
DEFAULT_POLICY = "default"
STRICT = ConfigDict(extra="forbid")


def _help(text: str, **bounds: Any) -> Any:
    return Field(description=text, **bounds)


@setting(frozen=True, config=STRICT)
class BankSettings:
    """What this bank is called."""

    name: Annotated[str, _help("Shown on pages and in releases.", min_length=1)]
    id: Annotated[str, _help("Made by init; ties the vault and all keys to this bank. Never change it.", min_length=8)]
    pretend: Annotated[bool, _help("True when the patients are invented; pages then say so.")] = False


@setting(frozen=True, config=STRICT)
class VaultSettings:
    """Where the identifiable part lies and how it is opened."""

    path: Annotated[str, _help("Folder of the vault; may be on another disk.")] = "vault"
    key_file: Annotated[
        str, _help(f"File outside the bank with the key in hexadecimal; the environment's {KEY_VARIABLE} goes first.")
    ] = ""


@setting(frozen=True, config=STRICT)
class DateSettings:
    """How dates are moved."""

    shift_days: Annotated[
        tuple[int, int], _help("Each patient's dates move by one number of days drawn from this window, 0 left out.")
    ] = (-365, -1)


@setting(frozen=True, config=STRICT)
class PolicySettings:
    """How images are de-identified."""

    file: Annotated[
        str, _help("A de-identification policy of your own, a .toml file; empty means the policy `default`.")
    ] = ""


@setting(frozen=True, config=STRICT)
class LinkageSettings:
    """How images are linked to people."""

    accept_test_numbers: Annotated[
        bool, _help("Accept NHS numbers of the test range 999; true only for pretend patients.")
    ] = False
    false_link_weighs: Annotated[
        float, _help("How many missed links a false one weighs; gives the evidence and the lead a link needs.", gt=1)
    ] = 20
    train_from: Annotated[
        int, _help("The model is trained on the bank's own data from so many identities and people on.", ge=100)
    ] = 1000
    after_death_days: Annotated[
        int, _help("How many days after the recorded death a scan may be dated: deaths are recorded late.", ge=0)
    ] = 0
    engine_url: Annotated[
        str, _help("Where people are compared: empty is DuckDB in memory; a Spark master such as local[4] or spark://…")
    ] = ""


@setting(frozen=True, config=STRICT)
class OptOutSettings:
    """How the wishes of people not to take part are kept; those that record sources bring always count."""

    require_national_list: Annotated[
        bool, _help("Bank nobody whose NHS number was not checked against the national list; stop when it is old.")
    ] = False
    national_list_days: Annotated[int, _help("How old the newest national list may be, in days.", ge=1)] = 28


@setting(frozen=True, config=STRICT)
class ImageSource:
    """A folder of DICOM files, read in place and never changed."""

    name: Annotated[str, _help("Short name that tables and reports use.", pattern=r"^[a-z0-9][a-z0-9-]*$")]
    path: Annotated[str, _help("The folder; relative paths start at the bank.", min_length=1)]


@setting(frozen=True, config=STRICT)
class EngineSettings:
    """How work is spread over processes."""

    workers: Annotated[int, _help("Worker processes; 0 means one a processor core.", ge=0)] = 0
    memory_mb: Annotated[int, _help("Most memory one worker may use, in MiB.", ge=256)] = 4096


@setting(frozen=True, config=STRICT)
class LedgerSettings:
    """Where the ledger is kept."""

    url_variable: Annotated[
        str, _help("Environment variable with a database URL (PostgreSQL); empty means ledger.db in the bank.")
    ] = ""


@setting(frozen=True, config=STRICT)
class DisclosureSettings:
    """How counts are made safe to show."""

    minimum: Annotated[int, _help("Counts below this are not shown.", ge=10)] = 10
    round_to: Annotated[int, _help("Other counts are rounded to a multiple of this.", ge=5)] = 5


@setting(frozen=True, config=STRICT)
class Config:
    """All of bank.toml. Every section without a default must be there: a file that was cut off must not pass."""

    bank: BankSettings
    vault: VaultSettings
    dates: DateSettings
    linkage: LinkageSettings
    engine: EngineSettings
    ledger: LedgerSettings
    disclosure: DisclosureSettings
    policy: PolicySettings = PolicySettings()  # banks made by version 0.1 have no such section
    reading: RecordSettings = RecordSettings()  # nor this one
    opt_outs: OptOutSettings = OptOutSettings()
    images: tuple[ImageSource, ...] = ()
    records: tuple[RecordSource, ...] = ()
    pacs: tuple[PacsSource, ...] = ()
    landing: LandingSettings = LandingSettings()
    receive: ReceiveSettings = ReceiveSettings()


@dataclass(frozen=True)
class Bank:
    """A bank that was found and whose settings were understood."""

    config: Config
    layout: Layout

    def source_path(self, source: ImageSource | RecordSource) -> Path:
        """Where a source lies."""
        return (self.layout.root / source.path).resolve()

    def image_sources(self) -> tuple[ImageSource, ...]:
        """Every folder of images: those of the settings, and the landing zone of each source that lands there."""
        there = (name for name in self.landed_sources() if self.layout.landed(name).is_dir())
        return (*self.config.images, *(ImageSource(name, str(self.layout.landed(name))) for name in there))

    def landed_sources(self) -> list[str]:
        """The sources whose images lie in the landing zone."""
        return [*(each.name for each in self.config.pacs), self.config.receive.name]

    def policy(self) -> str:
        """The de-identification policy: a built-in name, or the path of a file."""
        file = self.config.policy.file
        return str((self.layout.root / file).resolve()) if file else DEFAULT_POLICY

    def key_file(self) -> Path | None:
        """The key file, if the settings name one. Raises ConfigError when it lies inside the bank."""
        if not self.config.vault.key_file:
            return None
        path = (self.layout.root / self.config.vault.key_file).resolve()
        if path.is_relative_to(self.layout.root):
            raise ConfigError(
                f"{CONFIG_NAME}: [vault] key_file lies inside the bank.",
                "move the key out of the bank folder: whoever copies the bank must not get the key with it",
            )
        return path

    def workers(self) -> int:
        """How many worker processes to use."""
        return self.config.engine.workers or os.cpu_count() or 1


def open_bank(root: Path) -> Bank:
    """Read the settings of the bank in `root`. Raises BankError when there is none and ConfigError on any mistake."""
    path = root / CONFIG_NAME
    if not path.is_file():
        raise BankError(f"{root} is not a bank: it has no {CONFIG_NAME}.", f"make one with: imagebank init {root}")
    config = parse_config(read_text(path))
    root = root.resolve()
    return Bank(config, Layout(root, (root / config.vault.path).resolve()))


def parse_config(text: str) -> Config:
    """Settings from the text of a bank.toml. Raises ConfigError that names the key and, where close, the right one."""
    try:
        loaded = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{CONFIG_NAME} is not valid TOML: {error}.", "correct that line") from None
    try:
        config = TypeAdapter(Config).validate_python(loaded)
    except ValidationError as error:
        raise _explain(error, loaded) from None
    _check(config)
    return config


def _explain(error: ValidationError, loaded: dict[str, Any]) -> ConfigError:
    unknown = ("unexpected_keyword_argument", "extra_forbidden")
    first = min(error.errors(include_input=False, include_url=False), key=lambda each: each["type"] not in unknown)
    place = [str(part) for part in first["loc"]]
    name = _named(place, loaded)
    if first["type"] in unknown:
        known = [field.name for field in fields(_table_at(place[:-1]))]
        near = difflib.get_close_matches(place[-1], known, n=1, cutoff=0.5)
        advice = f"did you mean `{near[0]}`?" if near else f"known here: {', '.join(known)}"
        return ConfigError(f"{CONFIG_NAME}: {name} is not a setting.", advice)
    if first["type"] in ("missing", "missing_argument"):
        return ConfigError(f"{CONFIG_NAME}: {name} is missing.", "add it, or run imagebank init for a new file")
    why = "it is written in another way" if first["type"] == "string_pattern_mismatch" else first["msg"]
    why = "it is a list, in [ and ]" if first["type"] == "tuple_type" else why
    return ConfigError(f"{CONFIG_NAME}: {name} is not right: {why}.", _help_at(place))


def _named(place: list[str], loaded: dict[str, Any]) -> str:
    """A setting by its name, and of which source it is."""
    if len(place) < 3 or not place[1].isdigit():
        return f"`{'.'.join(place)}`"
    told = loaded[place[0]][int(place[1])]
    source = told.get("name") if isinstance(told, dict) else None
    return f"`{place[2]}` of [[{place[0]}]] " + (f"`{source}`" if source else f"number {int(place[1]) + 1}")


def _help_at(place: list[str]) -> str:
    """What a setting means, as the comments in the file have it."""
    *tables, name = [part for part in place if not part.isdigit()]
    hint = get_type_hints(_table_at(tables), include_extras=True).get(name)
    told = [each.description for each in get_args(hint) if isinstance(each, FieldInfo) and each.description]
    return f"{name}: {told[0]}" if told else "see the comments in the file"


def _table_at(place: list[str]) -> Any:
    """The table at `place`."""
    kind: Any = Config
    for part in place:
        if not part.isdigit():
            kind = get_type_hints(kind).get(part, Config)
            kind = next((a for a in get_args(kind) if is_dataclass(a)), kind)
    return kind if is_dataclass(kind) else Config


def _check(config: Config) -> None:
    """What no single setting can say of itself."""
    earliest, latest = config.dates.shift_days
    if not [day for day in (earliest, latest) if day] or earliest > latest:
        raise ConfigError(
            f"{CONFIG_NAME}: `dates.shift_days` holds no day but 0, or its ends are swapped.", "for example [-365, -1]"
        )
    if config.linkage.accept_test_numbers and not config.bank.pretend:
        raise ConfigError(
            f"{CONFIG_NAME}: `linkage.accept_test_numbers` is true, but `bank.pretend` is not.",
            "real patients have no test numbers; set bank.pretend = true only for invented ones",
        )
    _check_sources(config)


def _check_sources(config: Config) -> None:
    sources: tuple[Any, ...] = (*config.images, *config.records, *config.pacs, config.receive)
    names = [source.name for source in sources]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigError(f"{CONFIG_NAME}: two sources are called `{twice[0]}`.", "give each source a name of its own")
    for source in config.records:
        if bool(source.path) == bool(source.database):
            raise ConfigError(
                f"{CONFIG_NAME}: the record source `{source.name}` needs a path or a database, and not both.",
                "give `path` for a folder of extracts, `database` for the variable that holds the URL of one",
            )
