"""Numbers in a text, in digits and in words, with their units."""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from evaluation.grading.units import PREFIXES, Unit, unit_of
from evaluation.grading.words import words

_ONES = words(
    """
        zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
        seventeen eighteen nineteen
        """
)
_TENS = words("twenty thirty forty fifty sixty seventy eighty ninety")
_SMALL = {word: n for n, word in enumerate(_ONES)} | {word: 20 + 10 * n for n, word in enumerate(_TENS)}
_SCALES = {"hundred": 100, "thousand": 1_000, "million": 1_000_000}
_WORD = rf"(?:{'|'.join([*_SMALL, *_SCALES])})"
_IN_WORDS = re.compile(
    rf"\b(?:(?:a|one) (?=hundred|thousand|million))?{_WORD}(?:(?:[\s-]+(?:and\s+)?){_WORD})*"
    r"(?:\s+point(?:\s+(?:" + "|".join(_ONES[:10]) + r"))+)?\b(?:\s+(?:and\s+)?a\s+half\b)?",
    re.I,
)
_IN_DIGITS = re.compile(
    r"(?<![\w.,:/])(?<![\w]-)(?P<sign>-|minus\s+)?(?P<before>[£$€¥]\s?|(?:EU|UK|US)\s(?:size\s)?)?"
    r"(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:[.,]\d+)?)"
    r"(?P<scale>k|\s?thousand|\s?million|\s?hundred)?(?P<half>\s+and\s+a\s+half\b)?"
    r"(?:(?=[^\W\d_])(?P<glued>[^\W\d_]+)|(?![\w]))(?![:/-]?\d)(?!%\w)",
    re.I,
)
_UNIT_AFTER = re.compile(r"[\s-]{0,2}(?P<unit>[^\W\d_]+(?:\s(?:years?|inches|miles?)\b)?|%|[£$€¥]|°\s?[CF]?)")
_SCALE = {"k": 1_000, "thousand": 1_000, "million": 1_000_000, "hundred": 100}


@dataclass(frozen=True)
class Quantity:
    """A number where it stands in a text.

    Attributes:
        start: First character, with sign and currency.
        end: End, with the unit.
        value: The number, as written.
        unit: Its unit, if it has one.
        noun: The word after it that is no unit ("3 sisters").
    """

    start: int
    end: int
    value: Decimal
    unit: Unit | None
    noun: str = ""

    @property
    def measure(self) -> Decimal:
        """The number in its dimension's base unit."""
        return self.value * self.unit.factor if self.unit else self.value


@lru_cache(maxsize=4096)
def quantities(text: str) -> tuple[Quantity, ...]:
    """Every number of a text, from left to right; "1 m 78" and "5 ft 9 in" are one."""
    found = [q for match in _IN_DIGITS.finditer(text) if (q := _from_digits(text, match))]
    found += [_with_unit(text, m.start(), m.end(), _in_words(m.group()), None) for m in _IN_WORDS.finditer(text)]
    found = [q for q in found if not any(o is not q and o.start <= q.start < q.end <= o.end for o in found)]
    return _compounds(text, sorted(found, key=lambda quantity: quantity.start))


def _from_digits(text: str, match: re.Match[str]) -> Quantity | None:
    glued = match["glued"]
    if glued and unit_of(glued) is None:
        return None
    digits = match["number"]
    grouped = re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", digits)
    value = Decimal(digits.replace(",", "") if grouped else digits.replace(",", "."))
    value *= _SCALE.get((match["scale"] or "").strip().lower(), 1)
    value += Decimal("0.5") if match["half"] else 0
    value = -value if match["sign"] else value
    prefix = (match["before"] or "").lower().replace("size", "").strip()
    end = match.end() - len(glued or "")
    return _with_unit(text, match.start(), end, value, PREFIXES.get(prefix))


def _with_unit(text: str, start: int, end: int, value: Decimal, unit: Unit | None) -> Quantity:
    after = _UNIT_AFTER.match(text, end)
    if after is None:
        return Quantity(start, end, value, unit)
    word = after["unit"].lower()
    read = unit_of(word) or unit_of(word.split()[0])
    if word == "in" and re.match(r"\s*\w", text[after.end() :]):  # "212 in the hall" is not in inches
        read = None
    if read is None:
        return Quantity(start, end, value, unit, "" if "\n" in after.group() else word.split()[0])
    return Quantity(start, after.end(), value, unit or read)


def _in_words(phrase: str) -> Decimal:
    words = re.split(r"[\s-]+", phrase.lower())
    half = Decimal("0.5") if words[-1] == "half" else Decimal(0)
    decimals = ""
    if "point" in words:
        cut = words.index("point")
        decimals = "".join(str(_SMALL[word]) for word in words[cut + 1 :] if word in _SMALL)
        words = words[:cut]
    numbers = [word for word in words if word in _SMALL or word in _SCALES]
    year = _year_in_words(numbers)
    total = current = 0
    for word in numbers:
        if word in _SMALL:
            current += _SMALL[word]
        elif word == "hundred":
            current = max(current, 1) * 100
        else:
            total, current = total + max(current, 1) * _SCALES[word], 0
    whole = year if year is not None else total + current
    return Decimal(f"{whole}.{decimals or 0}") + half


def _year_in_words(words: list[str]) -> int | None:
    """Nineteen ninety-seven."""
    if len(words) in {2, 3} and words[0] in {"eighteen", "nineteen", "twenty"} and words[1] in _SMALL:
        rest = sum(_SMALL[word] for word in words[1:] if word in _SMALL)
        if 10 <= rest <= 99 and not set(words) & set(_SCALES):
            return _SMALL[words[0]] * 100 + rest
    return None


def _compounds(text: str, found: list[Quantity]) -> tuple[Quantity, ...]:
    merged: list[Quantity] = []
    for quantity in found:
        last = merged[-1] if merged else None
        if (
            last
            and last.unit
            and last.unit.smaller
            and re.fullmatch(r"\s*(?:,|and)?\s*", text[last.end : quantity.start])
        ):
            smaller = quantity.unit or unit_of(last.unit.smaller)
            if smaller and smaller == unit_of(last.unit.smaller):
                total = last.value + quantity.value * smaller.factor / last.unit.factor
                merged[-1] = Quantity(last.start, quantity.end, total, last.unit, quantity.noun)
                continue
        merged.append(quantity)
    return tuple(merged)
