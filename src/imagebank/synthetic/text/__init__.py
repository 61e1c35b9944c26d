"""Free text in the manner of British clinicians, with every identifier and every meaning in it known.

`notes_of` writes the documents along a person's course, `report_of` the radiology report of one examination. Both are
pure: the same person and seed give the same texts. The grammar and the words lie in `data/`.
"""

from imagebank.synthetic.text.writing import notes_of, report_of

__all__ = ["notes_of", "report_of"]
