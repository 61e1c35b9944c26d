"""De-identification without a bank: any folder, zip or tar in, a folder of clean DICOM out, with lists and a log.

`journey` is the order of things; `offered` reads what is given, `subjects` decides under which pseudonym, `steps` is
the work of a worker, `state` what is remembered between runs, `verifying` the search of the output.
"""

from imagebank.workflows.standalone.journey import Request, Summary, deidentify_source

__all__ = ["Request", "Summary", "deidentify_source"]
