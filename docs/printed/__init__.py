"""The pages that the code declares: what each prints. `generate` writes them.

Commands, settings, errors, tables, the de-identification policy and the classification rules are each declared once,
in the code, and the examples of rules in the tests. These pages print those declarations, so that they cannot go stale.
"""
