"""How often each thing goes wrong between the systems of the pretend hospital.

The defaults are assumptions: public sources give ranges, not one truth. Each rate names what it is a share of.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Self

from imagebank.core.errors import ConfigError
from imagebank.synthetic.register.chances import share


@dataclass(frozen=True)
class Rates:
    """Shares from 0 to 1 of each error and event that is planted; raises `ConfigError` for anything else.

    In the record system, of people: `missing_nhs`, `mistyped_nhs` and `test_nhs` (a dummy number that several people
    carry), `name_typo`, `maiden_name` (of women with a birth name), `transliterated` (of names that have another
    spelling), `day_month_swapped` (of birth dates that can be swapped), `placeholder_birth_date`, `unknown_sex`,
    `old_address` (of people who moved), `duplicate` and `merged` registrations.

    Of people, no error: `moves` house, `twins` (of imaged people), `namesakes` (of imaged men: a father or son of the
    same name), `opted_out_national`,
    `opted_out_local`, `opted_out_gp` (type 1).

    At the scanner, of examinations: `told_name_typo`, `told_birth_date_swapped` (of those that can be swapped),
    `told_sex_wrong`, `told_old_number` (of people with a merged number), `filed_under_another`, `scanned_after_death`
    (the last scan of imaged people, not those at risk of dementia, who died before November 2022), `agent` given (of
    examinations of three or more series), `agent_badly_recorded` (of those with agent), `repeated_series` (of
    examinations of three or more series without agent), and the other objects `spine`, `knee`, `screenshot`,
    `dose_report`, `phantom`. `strangers` is a number for each imaged patient.

    At the scanner, of series: `fault`, `burned_in`, `patient_in_description` (at the one site with the habit).

    In what clinicians type: `wrong_diagnosis` and `withdrawn_diagnosis` of people; `impossible_score` and
    `odd_denominator` of MMSE; `unknown_item` of HoNOS items.
    """

    missing_nhs: float = 0.15
    mistyped_nhs: float = 0.02
    test_nhs: float = 0.004
    name_typo: float = 0.08
    maiden_name: float = 0.03
    transliterated: float = 0.05
    day_month_swapped: float = 0.03
    placeholder_birth_date: float = 0.008
    unknown_sex: float = 0.01
    old_address: float = 0.06
    duplicate: float = 0.02
    merged: float = 0.03
    moves: float = 0.30
    twins: float = 0.01
    namesakes: float = 0.01
    opted_out_national: float = 0.03
    opted_out_local: float = 0.005
    opted_out_gp: float = 0.025
    told_name_typo: float = 0.02
    told_birth_date_swapped: float = 0.005
    told_sex_wrong: float = 0.003
    told_old_number: float = 0.30
    filed_under_another: float = 0.002
    scanned_after_death: float = 0.01
    strangers: float = 0.04
    agent: float = 0.05
    agent_badly_recorded: float = 0.25
    repeated_series: float = 0.03
    spine: float = 0.01
    knee: float = 0.003
    screenshot: float = 0.03
    dose_report: float = 0.03
    phantom: float = 0.001
    fault: float = 0.06
    burned_in: float = 0.003
    patient_in_description: float = 0.15
    wrong_diagnosis: float = 0.02
    withdrawn_diagnosis: float = 0.03
    impossible_score: float = 0.01
    odd_denominator: float = 0.08
    unknown_item: float = 0.03

    def __post_init__(self) -> None:
        for each in fields(self):
            if not 0 <= getattr(self, each.name) <= 1:
                raise ConfigError(f"The rate {each.name} is not a share.", "give a number from 0 to 1")

    @classmethod
    def none(cls) -> Self:
        """A hospital in which nothing goes wrong, nobody moves and nobody opts out."""
        return cls(**dict.fromkeys((each.name for each in fields(cls)), 0.0))

    def plants(self, name: str, seed: int, number: int) -> bool:
        """Whether an error of a name is planted on person, examination or series `number`."""
        rate: float = getattr(self, name)
        return rate > 0 and share(seed, name, number) < rate

    def having(self, **changes: float) -> Self:
        """The same rates but for the named ones."""
        return replace(self, **changes)


DEFAULT_RATES = Rates()
"""What the demo plants."""
