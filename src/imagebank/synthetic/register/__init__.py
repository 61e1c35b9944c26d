"""The people of the pretend hospital: who exists, what happens to them, who is scanned when, which errors are made.

`invent` makes one person from a seed and a number, the same in a hospital of any size. Numbers 0 to 12,546 have images
and follow a plan in which every published marginal is exact (`quotas`); numbers from 20,000 on are on the register
without images; `traps` makes the people of the odd examinations. `Rates` says how often each thing goes wrong. Who a
person truly is (`identities`) comes first, then the course of health (`courses`), then what the record system holds
(`registrations`) and what the scanner is told (`telling`).
"""

from imagebank.synthetic.register.diagnoses import main_diagnosis
from imagebank.synthetic.register.inventing import invent, numbers_of, register_size
from imagebank.synthetic.register.numbers import is_nhs_number
from imagebank.synthetic.register.places import HIGH_DEPRIVATION
from imagebank.synthetic.register.prognosis import FollowUp, follow_up
from imagebank.synthetic.register.rates import DEFAULT_RATES, Rates
from imagebank.synthetic.register.slots import FIRST_REGISTERED, IMAGED
from imagebank.synthetic.register.subtypes import symptom_matrix
from imagebank.synthetic.register.traps import plain_patient, traps

__all__ = [
    "DEFAULT_RATES",
    "FIRST_REGISTERED",
    "HIGH_DEPRIVATION",
    "IMAGED",
    "FollowUp",
    "Rates",
    "follow_up",
    "invent",
    "is_nhs_number",
    "main_diagnosis",
    "numbers_of",
    "plain_patient",
    "register_size",
    "symptom_matrix",
    "traps",
]
