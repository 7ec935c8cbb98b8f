"""Andraeus: a person's facts in a language model's weights (facts in, adapter out)."""

__version__ = "0.1.0"
