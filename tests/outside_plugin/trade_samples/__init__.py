"""Samples that go to customers: a plugin as somebody else would write it, with every seam in use."""

from trade_samples.plugin import plugin
from trade_samples.sample import SAMPLE, Sample, SampleTerms, remind, resend

__all__ = ["SAMPLE", "Sample", "SampleTerms", "plugin", "remind", "resend"]
