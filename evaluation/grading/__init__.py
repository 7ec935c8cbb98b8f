"""Grading free-text answers by their type: names, dates, numbers, places, yes/no and text.

An answer is right if it states the value, in whatever words; it is wrong if it denies the value, offers it among
others, asks it back, or says another one. Terse and verbose answers are held to the same.
"""

from evaluation.grading.dispatch import grade
from evaluation.grading.model import AnswerType, Expected, Grade

__all__ = ["AnswerType", "Expected", "Grade", "grade"]
