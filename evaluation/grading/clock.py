"""Times of day: 6:45 am, 06:45, 6.45, quarter to seven."""

import re
from dataclasses import dataclass
from functools import lru_cache

from evaluation.grading.clean import plain
from evaluation.grading.document import Document, Span
from evaluation.grading.judge import judge
from evaluation.grading.model import Expected, Grade
from evaluation.grading.words import words

_HOURS = {
    word: n for n, word in enumerate(words("one two three four five six seven eight nine ten eleven twelve"), start=1)
} | {str(n): n for n in range(1, 13)}
_MINUTES = {
    "five": 5, "ten": 10, "quarter": 15, "a quarter": 15, "fifteen": 15, "twenty": 20, "twenty-five": 25,
    "twenty five": 25, "thirty": 30, "thirty-five": 35, "thirty five": 35, "forty": 40, "forty-five": 45,
    "forty five": 45, "fifty": 50, "fifty-five": 55, "fifty five": 55, "half": 30, "oh five": 5, "o five": 5,
}  # fmt: skip
_WORD_HOUR = "|".join(sorted((hour for hour in _HOURS if not hour.isdigit()), key=len, reverse=True))
_HOUR = rf"(?P<hour>{_WORD_HOUR}|1[0-2]|[1-9])"
_WORD_MINUTE = "|".join(sorted(_MINUTES, key=len, reverse=True))
_PAST_OR_TO = rf"(?P<minute>{_WORD_MINUTE}|5|10|15|20|25|\d{{1,2}}(?=\s+minutes))(?:\s+minutes?)?"
_AFTER_HOUR = r"fifteen|(?:twenty|thirty|forty|fifty)(?:[\s-]five)?|ten|oh five|o five"
_DAYTIME = r"am|pm|in the (?:morning|afternoon|evening)|at night|this morning|tonight"
_HALF = rf"(?:\s*(?P<half>{_DAYTIME})\b)?"
_START = r"(?<![\w.:,/£$€])"
_DIGITAL_END = r"(?![:.]?\d)(?=\W|[ap]m\b|\Z)(?!\s[ap]m\w)"
_PATTERNS = tuple(
    re.compile(pattern, re.I)
    for pattern in (
        rf"{_START}(?P<hour>\d{{1,2}})[:h](?P<minute>\d{{2}})(?::00)?{_DIGITAL_END}(?:\s*hours\b)?{_HALF}",
        rf"{_START}(?P<hour>\d{{1,2}})\.(?P<minute>[0-5]\d){_DIGITAL_END}(?!\s*(?:%|cm\b|km\b|k?g\b|m\b)){_HALF}",
        rf"\b{_PAST_OR_TO}\s+(?P<way>past|after|to|before|till)\s+{_HOUR}\b(?!:){_HALF}",
        rf"\b(?P<hour>{_WORD_HOUR})[\s-](?P<minute>{_AFTER_HOUR})\b{_HALF}",
        rf"{_START}{_HOUR}(?:\s*o'?clock)?\s*(?P<half>{_DAYTIME})\b",
        rf"{_START}{_HOUR}\s*o'?clock\b",
        r"\b(?P<hour>[01]\d|2[0-3])(?P<minute>[0-5]\d)\s*(?:hours|hrs)\b",
        r"\b(?P<word>noon|midday|midnight)\b",
    )
)
_BARE = re.compile(
    rf"(?:\A|\b(?:at|around|about)\s+){_HOUR}(?![\w:.]*\d)(?=\W*(?:\Z|[.!\n]|every|each|on|in|and))", re.I
)
_PM = re.compile(r"pm|afternoon|evening|night", re.I)
_BOUND = re.compile(r"\b(?:before|after|until|till|by|between|past|later than|earlier than|not quite|almost|nearly)$")


@dataclass(frozen=True)
class Clock:
    """A time of day where it stands in a text.

    Attributes:
        start: First character.
        end: End.
        minutes: Minutes since midnight or noon.
        half: 0 before noon, 1 after, none if it does not say.
    """

    start: int
    end: int
    minutes: int
    half: int | None


@lru_cache(maxsize=4096)
def clocks(text: str) -> tuple[Clock, ...]:
    """Every time of day in a text, from left to right."""
    found: list[Clock] = []
    for pattern in _PATTERNS:
        for match in pattern.finditer(text):
            clock = _read(match)
            if clock and not any(o.start < clock.end and clock.start < o.end for o in found):
                found.append(clock)
    return tuple(sorted(found, key=lambda clock: clock.start))


def clock_of(form: str) -> Clock | None:
    """The time that a value is, if it is nothing but a time."""
    text = plain(form)
    found = clocks(text)
    return found[0] if len(found) == 1 and (found[0].start, found[0].end) == (0, len(text)) else None


def grade_clock(answer: str, expected: Expected) -> Grade:
    """Grade an answer whose value is a time of day; aliases mean the value's half of the day."""
    doc, question = Document.of_answer(answer), Document.of_plain(expected.question)
    wanted = [clock for form in expected.forms if (clock := clock_of(form))]
    half = wanted[0].half if wanted else None
    found = clocks(doc.text) + _bare_hours(doc.text)
    right = [c for c in found if any(_equal(c, w, half if w.half is None else w.half) for w in wanted)]
    others = [c for c in found if c not in right]

    def rivals(stated: list[Span]) -> list[Span]:
        return [doc.at(c.start, c.end) for c in others]

    return judge(doc, [doc.at(c.start, c.end) for c in right], rivals, question, _BOUND)


def _equal(found: Clock, wanted: Clock, half: int | None) -> bool:
    return found.minutes == wanted.minutes and (found.half is None or half is None or found.half == half)


def _bare_hours(text: str) -> tuple[Clock, ...]:
    """Hours that only the question makes a time: "You go to bed at eleven", "11"."""
    taken = clocks(text)
    read = [clock for match in _BARE.finditer(text) if (clock := _read(match))]
    return tuple(c for c in read if not any(o.start < c.end and c.start < o.end for o in taken))


def _read(match: re.Match[str]) -> Clock | None:
    parts = match.groupdict()
    if parts.get("word"):
        return Clock(match.start(), match.end(), 0, 0 if parts["word"].lower() == "midnight" else 1)
    raw, minute = parts["hour"].lower(), (parts.get("minute") or "0").lower()
    hour = int(raw) if raw.isdigit() else _HOURS[raw]
    minutes = int(minute) if minute.isdigit() else _MINUTES.get(minute, _MINUTES.get(minute.replace(" ", "-"), -1))
    if hour > 23 or not 0 <= minutes < 60:
        return None
    said = parts.get("half")
    half = (1 if _PM.search(said) else 0) if said else None
    if half is None and raw.isdigit() and len(raw) == 2 and (hour > 12 or raw.startswith("0")):
        half = 1 if hour > 12 else 0
    sign = -1 if (parts.get("way") or "").lower() in {"to", "before", "till"} else 1
    return Clock(match.start(), match.end(), (hour * 60 + sign * minutes) % 720, half)
