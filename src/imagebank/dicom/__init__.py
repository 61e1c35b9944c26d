"""DICOM: reading headers, deciding what each element may keep, de-identifying, and telling what a series shows.

`policy` (with the files and tables that it stands on), `dates`, `charsets` and `classify` are pure rules; `instance`
de-identifies the bytes of one file and is the door for everybody; `headers`, `explain` and `archive` read files, and
`archive` writes them.
"""
