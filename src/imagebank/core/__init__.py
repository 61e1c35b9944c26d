"""What every other part may use: errors, configuration, column declarations, paths, files, time and logs.

Nothing here knows DICOM, records or tables, and nothing here imports another part of imagebank.
"""
