"""The people and animals of one person's world, with birth dates and events in an order that can be."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from random import Random
from typing import Literal

from faker import Faker

from andraeus.facts.synthetic.values import data, words

REFERENCE_YEAR = 2025  # the year whose end all ages are stated for

Sex = Literal["female", "male"]
SEXES: tuple[Sex, ...] = ("female", "male")
_PRONOUN: dict[Sex, Literal["she", "he"]] = {"female": "she", "male": "he"}


@dataclass(frozen=True)
class Human:
    """Somebody in the world.

    Attributes:
        subject: Noun phrase after "my"; empty for the owner.
        role: Its noun: "sister", "friend".
        name: First name.
        sex: For the pronoun.
        born: Date of birth.
        named_by: The relation that says the name, or ``None`` where the subject does.
    """

    subject: str
    role: str
    name: str
    sex: Sex
    born: date
    named_by: str | None = "relative_name"

    @property
    def age(self) -> int:
        """Age at the end of the reference year."""
        return REFERENCE_YEAR - self.born.year

    @property
    def pronoun(self) -> Literal["she", "he"]:
        """The person's pronoun."""
        return _PRONOUN[self.sex]


@dataclass(frozen=True)
class Animal:
    """One of the owner's pets."""

    subject: str
    species: str
    born: date
    adopted: date

    @property
    def age(self) -> int:
        """Age at the end of the reference year."""
        return REFERENCE_YEAR - self.born.year


@dataclass
class World:
    """Everybody, and what happened when.

    Attributes:
        owner: Whose profile it is.
        surname: The owner's.
        home_country: Where the owner lives: the United Kingdom or the United States.
        birth_country: Where the owner was born.
        married: Whether the partner is a spouse.
        close: Partner, parents, siblings, best friend, children, in that order, then further family.
        pets: In the order of adoption.
        others: Friends, colleagues and so on, each with a subject that names them.
        events: The owner's dated events by relation.
        met: When the owner first met somebody, by subject.
        surnames: English surnames, each once.
        faker: The source of postcodes and the like.
    """

    owner: Human
    surname: str
    home_country: str
    birth_country: str
    married: bool
    close: list[Human]
    pets: list[Animal]
    others: list[Human]
    events: dict[str, date]
    met: dict[str, date]
    surnames: Iterator[str]
    faker: Faker
    names: "Names" = field(repr=False)

    @property
    def days(self) -> set[date]:
        """All dates that may be told of somebody close."""
        births = {human.born for human in (self.owner, *self.close)} | {pet.born for pet in self.pets}
        return births | {pet.adopted for pet in self.pets} | {*self.events.values(), *self.met.values()}

    @property
    def siblings(self) -> list[Human]:
        """The owner's brothers and sisters."""
        return [h for h in self.close if h.role in ("sister", "brother")]

    @property
    def children(self) -> list[Human]:
        """The owner's children."""
        return [h for h in self.close if h.role in ("daughter", "son")]


class Names:
    """First names, each given once.

    Args:
        random: The stream to draw from.
    """

    def __init__(self, random: Random) -> None:
        self._random = random
        self._left: dict[tuple[str, Sex], list[str]] = {}
        self._used: set[str] = set()
        for culture, lists in data("names")["cultures"].items():
            for sex in _PRONOUN:
                names = list(lists[sex])
                random.shuffle(names)
                self._left[culture, sex] = names

    def draw(self, sex: Sex, culture: str | None = None) -> str:
        """Return an unused first name, of a culture if that has any left."""
        cultures = (
            [culture]
            if culture and self._left[culture, sex]
            else [c for (c, s), n in self._left.items() if s == sex and n]
        )
        weights = [len(self._left[c, sex]) for c in cultures]
        while True:
            chosen = self._random.choices(cultures, weights)[0]
            name = self._left[chosen, sex].pop()
            if words(name) not in self._used:
                self._used.add(words(name))
                return name


@cache
def culture_of(name: str) -> str:
    """Return the culture that a first name comes from."""
    cultures: dict[str, dict[Sex, list[str]]] = data("names")["cultures"]
    return next(culture for culture, lists in cultures.items() if any(name in lists[sex] for sex in SEXES))


def between(random: Random, first: date, last: date) -> date:
    """Return a date from ``first`` to ``last``, both included."""
    return first + timedelta(days=random.randint(0, (last - first).days))
