"""Acquisition: asking a PACS, fetching from it, receiving what it sends, and the landing zone where it all arrives.

`filters`, `completeness`, `calendar`, `pace`, `breaker` and `numbers` are rules and touch nothing. `dimse`, `web` and
`node` talk to a PACS; `landing` and `book` keep what came. Nothing here prints an identifier.
"""
