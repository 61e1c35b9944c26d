"""The report on image quality: what is usable, where it is lost, and whether people agree with the verdicts.

`funnel` follows studies to a usable T1-weighted image and counts who is lost where, in numbers that may be shown;
`drift` finds software changes and departures from the usual protocol; `ratings` reads what people said of single images
and measures agreement; `page` renders it all as one page that needs nothing else.
"""

from imagebank.cohorts.quality.drift import Protocols, protocols
from imagebank.cohorts.quality.funnel import Funnel, study_funnel
from imagebank.cohorts.quality.page import BankRows, render
from imagebank.cohorts.quality.ratings import Agreement, Rating, agreements, parse_ratings, parse_sheet, ratings_csv

__all__ = [
    "Agreement",
    "BankRows",
    "Funnel",
    "Protocols",
    "Rating",
    "agreements",
    "parse_ratings",
    "parse_sheet",
    "protocols",
    "ratings_csv",
    "render",
    "study_funnel",
]
