"""The probabilistic part of the linkage: rows to compare, a model of comparisons and weights, and Splink that scores.

`comparisons`, `rows` and `weights` are pure; `engine` runs Splink in memory. What is decided on a score stands in
`identities.deciding`.
"""
