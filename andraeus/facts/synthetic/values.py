"""Drawing values so that none is used twice in a profile, or gives another fact's answer away."""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

from andraeus.data import read_data
from andraeus.relations.relation import AnswerType
from andraeus.seeds import stream


@cache
def data(name: str) -> Mapping[str, Any]:
    """Return one of the word lists beside this file; nobody may change what it returns."""
    content: Mapping[str, Any] = read_data("andraeus.facts.synthetic", name)
    return content


@cache
def _pools() -> Mapping[str, tuple[str, ...]]:
    """Return all plain lists of the data files, and the cities of all countries."""
    pools = {
        key: tuple(entry)
        for name in ("names", "places", "work", "tastes", "things")
        for key, entry in data(name).items()
        if isinstance(entry, list)
    }
    pools["jobs"] = tuple(job for sector in data("work")["sectors"].values() for job in sector["jobs"])
    pools["cities"] = tuple(country_of())
    return pools


@cache
def country_of() -> Mapping[str, str]:
    """Return the country that each city lies in."""
    return {city: name for name, country in data("places")["countries"].items() for city in country["cities"]}


def words(text: str) -> str:
    """Return the form in which two values count as the same: lower case, letters and digits, single spaces."""
    return " ".join(re.sub(r"[^\w\s]", "", text.casefold()).split())


def runs(text: str) -> set[str]:
    """Return all runs of whole words in a text."""
    parts = words(text).split()
    return {" ".join(parts[i:j]) for i in range(len(parts)) for j in range(i + 1, len(parts) + 1)}


class Values:
    """The values that are left for one profile.

    A value is taken once, whatever it is the answer to. It is never part of a subject, and among values
    of one answer type none is part of another ("curry" beside "prawn curry"): a wrong answer would
    count as right.

    Args:
        seed: Stream of the profile.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._left: dict[str, list[str]] = {}
        self._used: set[str] = set()
        self._subjects: set[str] = set()
        self._whole: dict[AnswerType, set[str]] = {}
        self._parts: dict[AnswerType, set[str]] = {}

    def reserve(self, subjects: Iterable[str]) -> None:
        """Keep all words of these subjects out of the values."""
        for subject in subjects:
            self._subjects |= runs(subject)

    def free(self, value: str, answer: AnswerType) -> bool:
        """Return whether a value can still be taken."""
        text = words(value)
        if text in self._used or text in self._subjects:
            return False
        if answer not in ("name", "place", "text"):
            return True
        return text not in self._parts.get(answer, ()) and runs(value).isdisjoint(self._whole.get(answer, ()))

    def take(self, value: str, answer: AnswerType) -> bool:
        """Take a value if it is free; return whether it was."""
        if not self.free(value, answer):
            return False
        self._used.add(words(value))
        self._whole.setdefault(answer, set()).add(words(value))
        self._parts.setdefault(answer, set()).update(runs(value))
        return True

    def take_organisation(self, name: str) -> bool:
        """Take an organisation's name, which may become a subject too: its words are no values."""
        inner = runs(name) - {words(name)}
        if not inner.isdisjoint(self._used) or not self.take(name, "name"):
            return False
        self._subjects |= inner
        return True

    def draw(self, pool: str, answer: AnswerType, fits: Callable[[str], bool] | None = None) -> str | None:
        """Take the next free value of a list, or return ``None`` when there is none.

        Args:
            pool: Name of the list in the data files.
            answer: Answer type of the fact.
            fits: What else must hold; values for which it does not stay in the list.
        """
        left = self._pool(pool)
        for position in range(len(left) - 1, -1, -1):
            value = left[position]
            if fits is not None and not fits(value):
                continue
            del left[position]
            if self.take(value, answer):
                return value
        return None

    def draw_first(self, candidates: Iterable[str], answer: AnswerType) -> str | None:
        """Take the first free one of some values, or return ``None``."""
        return next((value for value in candidates if self.take(value, answer)), None)

    def _pool(self, name: str) -> list[str]:
        if name not in self._left:
            self._left[name] = list(_pools()[name])
            stream(self._seed, "synthetic", "pool", name).shuffle(self._left[name])
        return self._left[name]
