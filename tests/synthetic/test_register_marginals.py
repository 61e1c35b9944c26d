"""The whole register at full size: every published figure comes out exactly, and the rest is plausible."""

from __future__ import annotations

from collections import Counter, defaultdict
from statistics import mean, median

import numpy as np
import pytest
from census import Counted, full_register

from imagebank.synthetic.register import DEFAULT_RATES, FIRST_REGISTERED, HIGH_DEPRIVATION, IMAGED, register_size
from imagebank.synthetic.register.survival import AGE_LOG_HAZARD, BRAIN_LOG_HAZARD

WHITE, UNSTATED = {"A", "B", "C"}, {"Z", "99"}


@pytest.fixture(scope="module")
def everyone() -> list[Counted]:
    """All 40,000 people of one seed, counted."""
    return full_register(1, DEFAULT_RATES, IMAGED)


@pytest.fixture(scope="module")
def imaged(everyone: list[Counted]) -> list[Counted]:
    return [each for each in everyone if each.number < IMAGED]


def share(part: int, whole: int) -> float:
    return part / whole


def in_block(code: str, first: str, last: str) -> bool:
    return first <= code[:3] <= last


def test_patients_studies_series_and_scanners_are_the_published_ones(imaged: list[Counted]) -> None:
    scans = [scan for each in imaged for scan in each.scans]
    assert len(imaged) == 12_547
    assert all(each.scans for each in imaged)
    assert len(scans) == 14_649
    assert sum(series for _, _, _, series, _ in scans) == 58_620
    assert len({scanner for _, scanner, *_ in scans}) == 5
    assert {day.year for day, *_ in scans} == set(range(2008, 2023))
    ages = [age for _, _, age, _, _ in scans]
    assert (min(ages), max(ages)) == (6, 108)


def test_sex_ethnicity_and_deprivation_are_the_published_ones(imaged: list[Counted]) -> None:
    assert Counter(each.sex for each in imaged) == {"female": 6_775, "male": 5_772}
    non_white = sum(each.ethnic_category not in WHITE | UNSTATED for each in imaged)
    assert non_white == 5_521
    assert round(100 * non_white / len(imaged)) == 44
    assert sum(each.ethnic_category in UNSTATED for each in imaged) == 702
    assert sum(each.decile in HIGH_DEPRIVATION for each in imaged) == 7_424


def test_diagnoses_are_the_published_ones(imaged: list[Counted]) -> None:
    main = [each.main for each in imaged]
    assert sum(in_block(code, "F00", "F09") for code in main) == 4_628
    assert sum(in_block(code, "F20", "F29") for code in main) == 2_151
    assert sum(in_block(code, "F30", "F39") for code in main) == 1_607
    assert sum(code.startswith("F00") for code in main) == 2_849
    assert sum(code.startswith("F20") for code in main) == 1_021
    assert sum(code.startswith("F06.7") for code in main) == 740


def test_the_three_diagnoses_are_the_same_by_any_code_that_stands(imaged: list[Counted]) -> None:
    """G30 beside F00 is one patient."""
    found = {prefix: {each.number for each in imaged if any(code.startswith(prefix) for code in each.current_codes)}
             for prefix in ("F00", "G30", "F20", "F06.7")}  # fmt: skip
    assert len(found["F00"] | found["G30"]) == 2_849
    assert len(found["G30"]) > 1_000
    assert (len(found["F20"]), len(found["F06.7"])) == (1_021, 740)


def test_nobody_breaks_a_law_of_life(everyone: list[Counted]) -> None:
    assert Counter(law for each in everyone for law in each.broken) == {}


def test_the_register_has_forty_thousand_people_with_numbers_of_their_own(everyone: list[Counted]) -> None:
    assert len(everyone) == register_size(IMAGED) == 40_000
    numbers = [number for each in everyone for number in each.numbers]
    uids = [uid for each in everyone for uid in each.uids]
    assert len(set(numbers)) == len(numbers)
    assert len(set(uids)) == len(uids) == 3 * 14_649


def test_errors_are_planted_at_their_rates(everyone: list[Counted]) -> None:
    counted = Counter(error for each in everyone for error in each.errors)
    people, rates = len(everyone), DEFAULT_RATES
    for error, rate in {
        "missing nhs number": rates.missing_nhs,
        "unknown sex": rates.unknown_sex,
        "merged": rates.merged,
        "duplicate": rates.duplicate,
        "placeholder birth date": rates.placeholder_birth_date,
    }.items():
        assert share(counted[error], people) == pytest.approx(rate, rel=0.1), error
    assert rates.name_typo * 0.85 < share(counted["name typo"], people) < rates.name_typo
    wishes = Counter(kind for each in everyone for kind in each.opted_out)
    assert share(wishes["national"], people) == pytest.approx(rates.opted_out_national, rel=0.1)
    assert share(sum(each.homes > 1 for each in everyone), people) == pytest.approx(rates.moves, rel=0.05)


def test_most_scans_can_be_linked_and_every_kind_of_trouble_is_there(imaged: list[Counted]) -> None:
    traps = Counter(trap for each in imaged for *_, trap in each.scans)
    assert 0.85 < traps[""] / 14_649 < 0.95
    assert set(traps) >= {"opted-out", "birth-date-disagrees", "sex-disagrees", "after-death", "filed-under-another"}


def test_twins_and_namesakes_know_each_other(everyone: list[Counted]) -> None:
    kin = {each.number: each.kin for each in everyone if each.kin}
    assert Counter(relation for each in kin.values() for relation, _ in each)["twin"] > 150
    back = {"twin": "twin", "child": "parent", "parent": "child"}
    for number, ((relation, other),) in kin.items():
        assert kin[int(other)] == ((back[relation], str(number)),)
        assert (number < IMAGED) != (int(other) < IMAGED)
        assert max(number, int(other)) >= FIRST_REGISTERED


def test_ages_and_onsets_suit_the_diagnosis(imaged: list[Counted]) -> None:
    age: dict[str, list[int]] = defaultdict(list)
    for each in imaged:
        age[each.condition].append(each.scans[0][2])
    assert 76 <= median(age["alzheimers"]) <= 82
    assert 30 <= median(age["schizophrenia"]) <= 40
    assert median(age["autism"]) < 25
    onsets = [each.onset_age for each in imaged if each.condition == "schizophrenia"]
    assert min(onsets) >= 14.9
    assert max(onsets) <= 35.1


def test_august_december_weekends_and_the_lockdown_are_quiet(imaged: list[Counted]) -> None:
    days = [day for each in imaged for day, *_, trap in each.scans if trap != "after-death"]
    months, weekdays = Counter(day.month for day in days), Counter(day.weekday() for day in days)
    assert max(months[8], months[12]) < min(months[m] for m in (1, 3, 6, 9, 10, 11))
    assert weekdays[5] + weekdays[6] < 0.03 * len(days)
    lockdown = sum(day.year == 2020 and day.month in (4, 5, 6) for day in days)
    before = sum(day.year == 2019 and day.month in (4, 5, 6) for day in days)
    assert lockdown < 0.3 * before


def test_people_of_an_area_differ_from_those_of_another(imaged: list[Counted]) -> None:
    mixture: dict[str, Counter[str]] = defaultdict(Counter)
    for each in imaged:
        if each.area:
            mixture["north" if each.area < "E01999073" else "south"][each.ethnic_category] += 1
    black = {k: sum(c[x] for x in "MNP") / c.total() for k, c in mixture.items()}
    asian = {k: sum(c[x] for x in "HJKL") / c.total() for k, c in mixture.items()}
    assert black["north"] > black["south"]
    assert asian["south"] > asian["north"]


def test_recorded_scores_scatter_around_true_ones_that_decline(imaged: list[Counted]) -> None:
    noise = [score - true for each in imaged for _, score, true in each.scores]
    assert abs(mean(noise)) < 0.15
    assert 1.0 < np.std(noise) < 1.5
    slopes: dict[str, list[float]] = defaultdict(list)
    for each in imaged:
        first, last = (each.scores[0], each.scores[-1]) if each.scores else (None, None)
        if first and last and (last[0] - first[0]).days > 400:
            slopes[each.condition].append((last[2] - first[2]) / (last[0] - first[0]).days * 365.25)
    assert -3.2 < mean(slopes["alzheimers"]) < -1.5
    assert -0.8 < mean(slopes["mild cognitive impairment"]) < -0.2


def cox(followed: list[tuple[float, float, float, bool]]) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients and standard errors by Newton's method on the partial likelihood (Breslow)."""
    rows = sorted(followed, key=lambda row: -row[2])
    x, event = np.array([row[:2] for row in rows]), np.array([row[3] for row in rows])
    x = x - x.mean(axis=0)
    beta = np.zeros(2)
    for _ in range(15):
        weight = np.exp(x @ beta)
        total = np.cumsum(weight)
        first = np.cumsum(x * weight[:, None], axis=0) / total[:, None]
        second = np.cumsum(x[:, :, None] * x[:, None, :] * weight[:, None, None], axis=0) / total[:, None, None]
        gradient = (x - first)[event].sum(axis=0)
        information = (second - first[:, :, None] * first[:, None, :])[event].sum(axis=0)
        beta = beta + np.linalg.solve(information, gradient)
    return beta, np.sqrt(np.diag(np.linalg.inv(information)))


def test_the_hazard_of_dementia_follows_age_and_brain_volume_as_documented(imaged: list[Counted]) -> None:
    followed = [each.followed for each in imaged if each.followed]
    assert len(followed) == 2_460
    assert sum(each.event for each in followed) == 500
    beta, error = cox([(f.age_years, f.brain_percent, f.days, f.event) for f in followed])
    assert np.all(np.abs(beta - (AGE_LOG_HAZARD, BRAIN_LOG_HAZARD)) < 3 * error)
    assert np.all(np.abs(beta) > 5 * error)


def agreement(data: np.ndarray, truth: np.ndarray, clusters: int) -> float:
    """How well k-means finds the true clusters without being told: the share of people in the matching cluster."""
    chance = np.random.default_rng(0)
    best, labels = np.inf, truth
    for _ in range(8):
        centres = data[chance.choice(len(data), clusters, replace=False)]
        for _ in range(25):
            distance = ((data[:, None, :] - centres[None]) ** 2).sum(axis=2)
            nearest = distance.argmin(axis=1)
            centres = np.array([data[nearest == k].mean(axis=0) if (nearest == k).any() else centres[k]
                                for k in range(clusters)])  # fmt: skip
        if (spread := distance.min(axis=1).sum()) < best:
            best, labels = spread, nearest
    return sum(Counter(truth[labels == k].tolist()).most_common(1)[0][1] for k in set(labels.tolist())) / len(data)


@pytest.mark.parametrize(("condition", "clusters"), [("schizophrenia", 3), ("depression", 3), ("alzheimers", 4)])
def test_the_subtypes_can_be_found_again_from_the_symptoms(
    imaged: list[Counted], condition: str, clusters: int
) -> None:
    people = [each for each in imaged if each.condition == condition]
    data = np.array([each.present for each in people], dtype=float)
    truth = np.array([each.subtype for each in people])
    assert len(set(truth.tolist())) == clusters
    assert agreement(data, truth, clusters) > 0.85


def test_a_small_hospital_is_a_fair_sample(imaged: list[Counted]) -> None:
    first = imaged[:200]
    assert abs(sum(each.sex == "female" for each in first) - 108) <= 12
    assert abs(sum(each.ethnic_category not in WHITE | UNSTATED for each in first) - 88) <= 12
    assert abs(sum(each.decile in HIGH_DEPRIVATION for each in first) - 118) <= 12
    assert abs(sum(in_block(each.main, "F00", "F09") for each in first) - 74) <= 8
    assert abs(sum(in_block(each.main, "F20", "F29") for each in first) - 34) <= 8
    assert 0.1 < sum(len(each.scans) > 1 for each in first) / 200 < 0.18
