"""How de-identification is measured: values searched in every form, canaries planted, actions scored.

`forms` and `search` say whether a value is there, `identifying` which values of a header must go, `planting` and its
neighbours hide canaries in clones of files, `actions` score what became of each element. Nothing here de-identifies.
"""
