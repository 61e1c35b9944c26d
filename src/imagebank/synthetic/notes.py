"""Clinical notes as a British ward writes them, with the identifiers of the person and of others in the text."""

from __future__ import annotations

from datetime import date, timedelta

from imagebank.synthetic.people import RECORDS_END, Person, table
from imagebank.synthetic.streams import stream

TITLES = {"female": "Mrs", "male": "Mr"}


def notes_of(seed: int, person: Person) -> list[tuple[str, ...]]:
    """Two to four notes of a person as rows: hospital number, date, kind, text."""
    chance = stream(seed, "notes", person.key)
    templates = chance.sample(table("notes"), chance.randint(2, 4))
    doctors = [row["name"] for row in table("staff") if row["role"] in ("referrer", "practitioner")]
    found = []
    for template in templates:
        day = person.first_contact + timedelta(chance.randint(-30, 500))
        day = max(person.birth_date, min(day, person.death_date or RECORDS_END))
        score = chance.randint(*person.condition.mmse)
        text = template["text"].format(
            doctor=chance.choice(doctors), gp=chance.choice(doctors), score=score, ace=score * 3, **_words(person, day)
        )
        found.append((person.hospital_number, day.isoformat(), template["kind"], text))
    return sorted(found)


def _words(person: Person, day: date) -> dict[str, str]:
    nhs = person.nhs_number
    return {
        "title": TITLES.get(person.sex, "Mx"),
        "given": person.given_name,
        "family": person.family_name,
        "family_upper": person.family_name.upper(),
        "hospital_number": person.hospital_number,
        "nhs": nhs or "not known",
        "nhs_spaced": f"{nhs[:3]} {nhs[3:6]} {nhs[6:]}" if nhs else "NHS number not known",
        "relative": person.relative,
        "relative_name": person.relative_name,
        "address": person.address,
        "street": person.street,
        "postcode": person.postcode,
        "phone": person.phone,
        "impression": person.condition.impression,
        "age": str(person.age_on(day)),
        "date_uk": day.strftime("%d/%m/%Y"),
        "birth_uk": person.birth_date.strftime("%d/%m/%Y"),
    }
