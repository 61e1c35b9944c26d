"""DICOM: reading headers, deciding what each element may keep, de-identifying, and telling what a series shows.

`policy` and `classify` are pure rules; `instance` de-identifies the bytes of one file and is the door for everybody;
`headers` and `archive` read files and write them.
"""
