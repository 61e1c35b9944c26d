"""The journeys of a bank, one page each: init, update, status, check, profile. No rules live here.

A workflow asks the rule modules what to do, has it done, and writes down what came of it. Only workflows open the
vault.
"""
