"""Speed, as ratios to a baseline measured in the same run; ``make bench`` runs all of it.

A file ``bench_<subject>.py`` holds functions under `benchmarks.measure.benchmark`; `benchmarks.run` finds them.
"""
