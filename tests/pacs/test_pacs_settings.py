"""What a person may get wrong in the settings of a source: the message names it, and says what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest
from pretend import RudePacs, add_source, rude_bank, study

from imagebank.core.config import parse_config
from imagebank.core.config_file import default_config, render_config
from imagebank.core.errors import ConfigError
from imagebank.core.progress import Silent
from imagebank.workflows.acquiring import acquire
from imagebank.workflows.reaching import check_source

BANK = render_config(default_config("b", "abcdefgh")) + '[[pacs]]\nname = "main"\n'
WEB = BANK + 'kind = "dicomweb"\nurl = "https://pacs"\n'


@pytest.mark.parametrize(
    ("setting", "what", "advice"),
    [
        ('hours = ["mon-fri 7pm-6am"]', "`hours` of [[pacs]] `main`", "mon-fri 19:00-06:00"),
        ('hours = "mon-fri 19:00-06:00"', "it is a list", "mon-fri 19:00-06:00"),
        ('holidays = ["25/12/2026"]', "`holidays` of [[pacs]] `main`", "2026-12-25"),
        ('hospital_numbers = ["RX1"]', "`hospital_numbers` of [[pacs]] `main`", "RX1{number:0>8}"),
        ('called_title = "ABCDEFGHIJKLMNOPQ"', "`called_title` of [[pacs]] `main`", "application entity title"),
        ("port = 0", "`port` of [[pacs]] `main`", "port of the PACS"),
        ('ae_title = "X"', "`ae_title` of [[pacs]] `main` is not a setting", "did you mean"),
    ],
)
def test_a_setting_is_told_by_its_source_and_with_its_meaning(setting: str, what: str, advice: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(WEB + setting)
    assert what in caught.value.what
    assert advice in caught.value.advice
    assert "^" not in caught.value.what, "a pattern teaches nobody"


def test_hours_may_be_written_with_capitals() -> None:
    assert parse_config(WEB + 'hours = ["Mon-FRI 19:00-06:00"]').pacs[0].hours


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ('kind = "dicomweb"\nurl = "pacs/dicom-web"', "`url`"),
        ('kind = "dicomweb"\nurl = "http://pacs:port/"', "`url`"),
        ('kind = "dicomweb"\nurl = "ftp://pacs/"', "`url`"),
        ('kind = "dicomweb"\nurl = "https://pacs"\nuser = "x"', "`password_variable`"),
        ('kind = "dicomweb"\nurl = "https://pacs"\npassword_variable = "X"', "`user`"),
        ('kind = "dicomweb"\nurl = "https://pacs"\ntoken_url = "https://t"', "`client_id`"),
        ('kind = "dicomweb"\nurl = "https://pacs"\ntoken_url = "t"\nclient_id = "x"', "`token_url`"),
        ('kind = "dimse"\nhost = "x"', "`called_title`"),
        ('kind = "media"', "`path`"),
    ],
)
def test_settings_that_need_each_other_are_seen_to(settings: str, what: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_source(parse_config(BANK + settings).pacs[0])
    assert what in caught.value.what
    assert "`main`" in caught.value.what


def test_every_source_is_looked_at_before_the_first_is_asked(tmp_path: Path) -> None:
    pacs = RudePacs(study())
    with rude_bank(tmp_path, pacs) as bank:
        add_source(bank, name="web", kind="dicomweb", url="http://x", token_variable="TOKEN", priority=5)
        with pytest.raises(ConfigError, match="TOKEN"):
            acquire(bank, environ={}, progress=Silent())
    assert pacs.finds == 0


def test_a_medium_that_is_not_there_keeps_no_other_source_back(tmp_path: Path) -> None:
    with rude_bank(tmp_path, RudePacs(study()), priority=5) as bank:
        add_source(bank, name="discs", kind="media", path=str(tmp_path / "none"))
        runs = {each.source: each for each in acquire(bank, environ={}, progress=Silent())}
    assert (runs["discs"].ended, runs["discs"].reason) == ("given-up", "not-there")
    assert runs["rude"].is_whole
