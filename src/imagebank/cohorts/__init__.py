"""Questions to the bank and their answers in numbers that may be shown.

`counting` and its plain twin establish the facts; `disclosure` decides what of them may be shown; `profile` makes them
the Table 1 of the bank, `figures` its figures and `page` its page.
"""

from imagebank.cohorts.disclosure import Disclosure
from imagebank.cohorts.model import Profile
from imagebank.cohorts.page import write_profile
from imagebank.cohorts.profile import profile

__all__ = ["Disclosure", "Profile", "profile", "write_profile"]
