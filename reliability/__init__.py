"""The long proofs: each check breaks something on purpose and counts what was lost; ``make reliability`` runs them.

A file ``check_<subject>.py`` holds functions under `reliability.checks.check`; `reliability.run` finds them.  Their
short forms are tests, which call the same functions with smaller numbers.
"""
