"""Dates: 15 March 1997, March 15th, 15/03/1997, 1997-03-15, June 2019, 2012."""

import re
from dataclasses import dataclass
from functools import lru_cache

from evaluation.grading.words import words

_MONTH_NAMES = words("january february march april may june july august september october november december")
_MONTHS = {name: n for n, name in enumerate(_MONTH_NAMES, start=1)}
_MONTHS |= {name[:3]: n for name, n in _MONTHS.items()} | {"sept": 9}
_ORDINALS = words(
    """
        first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth
        fifteenth sixteenth seventeenth eighteenth nineteenth twentieth twenty-first twenty-second twenty-third
        twenty-fourth twenty-fifth twenty-sixth twenty-seventh twenty-eighth twenty-ninth thirtieth thirty-first
        """
)
_DAYS = {word: n for n, word in enumerate(_ORDINALS, start=1)}
_M = rf"(?P<month>{'|'.join(sorted(_MONTHS, key=len, reverse=True))})\b\.?"
_WORD_DAY = "|".join(word.replace("-", "[ -]") for word in sorted(_ORDINALS, key=len, reverse=True))
_D = rf"(?P<day>\d{{1,2}}(?!\d)|(?:{_WORD_DAY})\b)(?:\s?(?:st|nd|rd|th)\b)?"
_Y = r"(?P<year>(?:1[5-9]|20)\d{2}(?!\w)|'\d{2}(?!\w))"
_YEAR_AFTER = rf"(?:(?:\s*,\s*|\s+|-)(?:(?:of|in)\s+)?(?:the year\s+)?{_Y})?"
_BEFORE = r"(?<![\w/.-])"
_PATTERNS = tuple(
    re.compile(pattern, re.I)
    for pattern in (
        rf"{_BEFORE}(?P<year>\d{{4}})[-/.](?P<n_month>\d{{1,2}})[-/.](?P<day>\d{{1,2}})(?!\w)",
        rf"{_BEFORE}(?P<one>\d{{1,2}}) ?(?P<sep>[-/.]) ?(?P<two>\d{{1,2}}) ?(?P=sep) ?(?P<year>\d{{4}}|\d{{2}})(?!\w)",
        rf"{_BEFORE}(?P<n_month>\d{{1,2}})[/.-](?P<year>(?:1[5-9]|20)\d{{2}})(?!\w)",
        rf"{_BEFORE}(?P<one>\d{{1,2}})/(?P<two>\d{{1,2}})(?![\w/])",
        rf"{_BEFORE}{_D}(?:\s+day)?(?:\s+of|,)?[\s-]+(?:the\s+month\s+of\s+)?{_M}{_YEAR_AFTER}",
        rf"{_BEFORE}{_M}[\s-]*(?:the\s+)?{_D}{_YEAR_AFTER}",
        rf"{_BEFORE}{_M}(?:\s*,\s*|\s+|-)(?:(?:of|in)\s+)?{_Y}",
        rf"{_BEFORE}{_M}",
        r"(?<![\w/.,:£$€-])(?P<year>(?:1[5-9]|20)\d{2})(?![\w/:-]|[.,]\d)",
    )
)
_LOWER_WORDS = {"may", "march", "mar", "jun", "dec", "sep", "sept", "jan", "second", "august"}


Reading = tuple[int | None, int | None, int | None]
"""Year, month and day; a part that is not given is none."""


@dataclass(frozen=True)
class Date:
    """A date, or as much of one as the text gives; a numeric one may be read in two ways.

    Attributes:
        start: First character.
        end: End.
        readings: Its year, month and day.
    """

    start: int
    end: int
    readings: tuple[Reading, ...]

    @property
    def day(self) -> bool:
        """Whether it gives a day."""
        return self.readings[0][2] is not None


@lru_cache(maxsize=4096)
def dates(text: str) -> tuple[Date, ...]:
    """Every date of a text, from left to right."""
    found: list[Date] = []
    for pattern in _PATTERNS:
        for match in pattern.finditer(text):
            date = _read(match)
            if date and not any(o.start < date.end and date.start < o.end for o in found):
                found.append(date)
    return tuple(sorted(found, key=lambda date: date.start))


def _read(match: re.Match[str]) -> Date | None:
    parts = match.groupdict()
    year = _year(parts.get("year"))
    if parts.get("one"):
        one, two = int(parts["one"]), int(parts["two"])
        both: list[Reading] = [(year, two, one), (year, one, two)]
    else:
        word = (parts.get("month") or "").lower()
        bare = word and not parts.get("day") and not parts.get("year")
        if bare and word in _LOWER_WORDS and not match.group()[0].isupper():
            return None
        month = int(parts["n_month"]) if parts.get("n_month") else _MONTHS.get(word)
        both = [(year, month, _day(parts.get("day")))]
    readings: tuple[Reading, ...] = tuple(dict.fromkeys(r for r in both if _valid(r[1], r[2])))
    return Date(match.start(), match.end(), readings) if readings else None


def _year(text: str | None) -> int | None:
    if not text:
        return None
    number = int(text.lstrip("'"))
    return number if number > 99 else number + (2000 if number < 40 else 1900)


def _day(text: str | None) -> int | None:
    if not text:
        return None
    return int(text) if text.isdigit() else _DAYS[re.sub(r"\s", "-", text.lower())]


def _valid(month: int | None, day: int | None) -> bool:
    return (month is None or 1 <= month <= 12) and (day is None or 1 <= day <= 31)
