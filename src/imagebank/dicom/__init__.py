"""DICOM: reading headers, deciding what each element may keep, de-identifying, and telling what a series shows.

`policy` (with the files and tables that it stands on) and `classify` are pure rules; `headers` and `deidentify` read files and write them.
"""
