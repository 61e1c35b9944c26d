"""The answers: what is true of the pretend hospital, in one folder of Parquet files with a declared schema each.

`AnswersWriter` takes answers while the hospital is written; `read_answers` gives them back to who judges.
"""

from imagebank.synthetic.truth.book import AnswersWriter, answer_tables, read_answers, read_table
from imagebank.synthetic.truth.people import answers_of_person, span_answers, survival_answers, volume_answers
from imagebank.synthetic.truth.questions import QUESTIONS, Questionnaire
from imagebank.synthetic.truth.record_places import record_identifiers
from imagebank.synthetic.truth.series import UNDETECTABLE, expected_of, series_answer
from imagebank.synthetic.truth.tally import Tally

__all__ = [
    "QUESTIONS",
    "UNDETECTABLE",
    "AnswersWriter",
    "Questionnaire",
    "Tally",
    "answer_tables",
    "answers_of_person",
    "expected_of",
    "read_answers",
    "read_table",
    "record_identifiers",
    "series_answer",
    "span_answers",
    "survival_answers",
    "volume_answers",
]
