"""Tier-4 questions over a synthetic profile: each takes at least two of its facts to answer."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import combinations

from andraeus.facts.fact import Composition, Fact
from andraeus.facts.synthetic.people import Human, World
from andraeus.facts.synthetic.values import words
from andraeus.facts.synthetic.wording import ABOUT_NAMED, COUNTS, EVENTS
from andraeus.relations.relation import AnswerType
from andraeus.seeds import stream

_MOST = 40  # compositions of one profile
_FIRST_N = 20  # facts from which on there are any
_CIRCLE = 16  # people beyond the closest circle that compositions ask about
_PEERS = 15  # years that two people may be apart for "who is older" to be no giveaway
_NUMBERS = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six"}


@dataclass(frozen=True)
class _Candidate:
    id: str
    questions: tuple[str, ...]
    value: str
    answer: AnswerType
    components: tuple[Fact, ...]
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Choice:
    """A yes/no question in its two directions; which is asked decides the answer."""

    id: str
    yes: tuple[str, ...]
    no: tuple[str, ...]
    components: tuple[Fact, ...]


@dataclass(frozen=True)
class _Event:
    fact: Fact
    base: str
    past: str
    also: tuple[Fact, ...] = ()

    @property
    def day(self) -> date:
        return _day(self.fact)

    @property
    def facts(self) -> tuple[Fact, ...]:
        return (self.fact, *self.also)


def compose(world: World, facts: Sequence[Fact], seed: int) -> tuple[Composition, ...]:
    """Write the compositions of the facts a profile holds.

    The kinds take turns, so that no kind outweighs the others; yes/no answers take turns too.

    Args:
        world: Whose facts they are; says when a set (all siblings) is complete.
        facts: The profile's.
        seed: Stream of the profile.
    """
    if len(facts) < _FIRST_N:
        return ()
    random = stream(seed, "synthetic", "compositions")
    writer = _Writer(world, facts)
    kinds: list[list[_Candidate | _Choice]] = [list(kind()) for kind in writer.kinds]
    for kind in kinds:
        random.shuffle(kind)
    wanted = random.random() < 0.5
    asked: set[str] = set()
    written: list[Composition] = []
    most = min(_MOST, len(facts) // 3)
    while any(kinds) and len(written) < most:
        for kind in kinds:
            if not kind or len(written) == most:
                continue
            candidate = kind.pop()
            if isinstance(candidate, _Choice):
                chosen = _Candidate(
                    candidate.id,
                    candidate.yes if wanted else candidate.no,
                    "yes" if wanted else "no",
                    "yes_no",
                    candidate.components,
                )
            else:
                chosen = candidate
            texts = {words(question) for question in chosen.questions}
            told = [f" {words(answer)} " for answer in (chosen.value, *chosen.aliases)]
            if asked & texts or any(answer in f" {text} " for answer in told for text in texts):
                continue
            asked |= texts
            wanted ^= isinstance(candidate, _Choice)
            written.append(
                Composition(
                    id=chosen.id,
                    questions=chosen.questions,
                    value=chosen.value,
                    answer=chosen.answer,
                    components=tuple(fact.id for fact in chosen.components),
                    aliases=chosen.aliases,
                )
            )
    return tuple(written)


class _Writer:
    """Finds what can be composed, kind by kind."""

    def __init__(self, world: World, facts: Sequence[Fact]) -> None:
        self._world = world
        self._facts = {(fact.relation.name, fact.subject): fact for fact in facts}
        self._people = [*world.close, *world.others[:_CIRCLE]]
        self.kinds: tuple[Callable[[], Iterator[_Candidate | _Choice]], ...] = (
            self._employers,
            self._before,
            self._named,
            self._age_then,
            self._counts,
            self._older,
            self._named_pets,
            self._older_name,
            self._years_apart,
            self._birthday_order,
            self._first_pet,
        )

    def _get(self, relation: str | None, subject: str | None = None) -> Fact | None:
        return self._facts.get((relation, subject)) if relation else None

    def _name_of(self, human: Human) -> Fact | None:
        """Return the fact that says what somebody is called."""
        own = human.named_by != "relative_name"
        return self._get(human.named_by, None if own else human.subject)

    def _employers(self) -> Iterator[_Candidate]:
        """Where, by whom, when: from somebody's employer to what is known about that company."""
        for human in (self._world.owner, *self._people):
            own = human is self._world.owner
            employer = self._get("employer") if own else self._get("relative_employer", human.subject)
            if employer is None:
                continue
            they = "I work" if own else f"my {human.subject} works"
            theirs = "my employer" if own else f"my {human.subject}'s employer"
            asked = {
                "organisation_city": (
                    f"Which city is {theirs} based in?",
                    f"In which city is the company {they} for?",
                ),
                "organisation_founder": (f"Who founded the company {they} for?", f"Who was {theirs} founded by?"),
                "organisation_founding_year": (
                    f"In what year was the company {they} for founded?",
                    f"When was {theirs} founded?",
                ),
                "organisation_industry": (
                    f"What business is the company {they} for in?",
                    f"Which industry does {theirs} belong to?",
                ),
            }
            for relation, questions in asked.items():
                if (fact := self._get(relation, employer.value)) is not None:
                    yield _Candidate(
                        _id(relation, "of", employer), questions, fact.value, fact.answer, (employer, fact)
                    )
                    name = None if own else self._name_of(human)
                    if name is not None and relation == "organisation_city":
                        questions = (
                            f"Which city is {name.value}'s employer based in?",
                            f"In which city is the company {name.value} works for?",
                        )
                        key = _id(relation, "of", employer, "by_name")
                        yield _Candidate(key, questions, fact.value, fact.answer, (name, employer, fact))

    def _named(self) -> Iterator[_Candidate]:
        """What is known of "my sister", asked about Emma."""
        for human in self._people:
            if (name := self._name_of(human)) is not None:
                yield from self._by_name(name, human.subject)

    def _named_pets(self) -> Iterator[_Candidate]:
        """What is known of "my cat", asked about Max."""
        for pet in self._world.pets:
            if (name := self._get("pet_name", pet.subject)) is not None:
                yield from self._by_name(name, pet.subject)

    def _by_name(self, name: Fact, subject: str) -> Iterator[_Candidate]:
        for relation, templates in ABOUT_NAMED.items():
            if (fact := self._get(relation, subject)) is not None:
                questions = tuple(template.replace("{name}", name.value) for template in templates)
                yield _Candidate(_id(fact, "by_name"), questions, fact.value, fact.answer, (name, fact))

    def _events(self) -> Iterator[_Event]:
        """Yield what the owner did on a known date."""
        if (moved := self._get("moved_to_city_date")) is not None:
            city = self._get("home_city")
            place = city.value if city else "the town I live in now"
            yield _Event(moved, f"move to {place}", f"I moved to {place}", (city,) if city else ())
        for relation, (base, past) in EVENTS.items():
            if (fact := self._get(relation)) is not None:
                yield _Event(fact, base, past)
        for pet in self._world.pets:
            if (fact := self._get("pet_adoption_date", pet.subject)) is not None:
                name = self._get("pet_name", pet.subject)
                called = name.value if name else f"my {pet.subject}"
                yield _Event(fact, f"get {called}", f"I got {called}", (name,) if name else ())
        for human in self._people:
            if (fact := self._get("relative_meeting_date", human.subject)) is not None:
                name = self._name_of(human)
                called = name.value if name else f"my {human.subject}"
                yield _Event(fact, f"meet {called}", f"I first met {called}", (name,) if name else ())

    def _before(self) -> Iterator[_Choice]:
        """Which of two things the owner did first."""
        for one, other in combinations(self._events(), 2):
            if one.day == other.day:
                continue
            first, second = sorted((one, other), key=lambda event: event.day)
            yield _Choice(
                _id(one.fact, "before", other.fact),
                (f"Did I {first.base} before {second.past}?", f"Did I {second.base} after {first.past}?"),
                (f"Did I {second.base} before {first.past}?", f"Did I {first.base} after {second.past}?"),
                (*first.facts, *second.facts),
            )

    def _age_then(self) -> Iterator[_Candidate]:
        """The owner's age at an event."""
        birthday = self._get("birthday")
        if birthday is None:
            return
        born = _day(birthday)
        for event in self._events():
            age = event.day.year - born.year - ((event.day.month, event.day.day) < (born.month, born.day))
            questions = (f"How old was I when {event.past}?", f"At what age did I {event.base}?")
            yield _Candidate(_id("age_at", event.fact), questions, str(age), "number", (birthday, *event.facts))

    def _counts(self) -> Iterator[_Candidate]:
        """How many there are, once all of them are among the facts."""
        sets: dict[str, list[Fact | None]] = {
            "siblings": [self._name_of(human) for human in self._world.siblings],
            "children": [self._name_of(human) for human in self._world.children],
            "pets": [self._get("pet_name", pet.subject) for pet in self._world.pets],
        }
        for kind, names in sets.items():
            known = [name for name in names if name is not None]
            if len(known) == len(names) >= 2:
                aliases = (_NUMBERS[len(known)],)
                yield _Candidate(f"count_{kind}", COUNTS[kind], str(len(known)), "number", tuple(known), aliases)

    def _peers(self) -> Iterator[tuple[tuple[Human, Fact], tuple[Human, Fact]]]:
        """Yield pairs of people near in age whose ages, or whose birthdays, are both known; the older one first."""
        pairs = combinations((self._world.owner, *self._people), 2)
        for one, other in pairs:
            if one.age == other.age or abs(one.age - other.age) > _PEERS:
                continue
            older, younger = (one, other) if one.age > other.age else (other, one)
            for relation in ("age", "birthday"):
                known = [self._age_fact(human, relation) for human in (older, younger)]
                if known[0] is not None and known[1] is not None:
                    yield (older, known[0]), (younger, known[1])
                    break

    def _age_fact(self, human: Human, relation: str) -> Fact | None:
        own = human is self._world.owner
        return self._get(relation) if own else self._get(f"relative_{relation}", human.subject)

    def _older(self) -> Iterator[_Choice]:
        """Whether somebody is older than somebody else."""
        for (older, one), (younger, other) in self._peers():
            if _says_who_is_older(older, younger):
                continue

            def ask(first: Human, second: Human, more: str, verb: str) -> str:
                if first is self._world.owner:
                    return (
                        f"Am I {more} than my {second.subject}?"
                        if not verb
                        else f"Was I born {verb} my {second.subject}?"
                    )
                than = "me" if second is self._world.owner else f"my {second.subject}"
                return (
                    f"Is my {first.subject} {more} than {than}?"
                    if not verb
                    else f"Was my {first.subject} born {verb} {than}?"
                )

            yield _Choice(
                _id(one, "older_than", other),
                (ask(older, younger, "older", ""), ask(older, younger, "", "before")),
                (ask(younger, older, "older", ""), ask(younger, older, "", "before")),
                (one, other),
            )

    def _older_name(self) -> Iterator[_Candidate]:
        """What the older one of two people is called."""
        for (older, one), (younger, other) in self._peers():
            names = self._name_of(older), self._name_of(younger)
            if names[0] is None or names[1] is None or _says_who_is_older(older, younger):
                continue
            # The order in which the two are mentioned says nothing about who is older.
            first, second = sorted((older.subject, younger.subject))
            questions = (
                f"What is the name of the older one, my {first} or my {second}?",
                f"Who was born first, my {first} or my {second}? Tell me the name.",
            )
            yield _Candidate(
                _id("older_of", one, other), questions, names[0].value, "name", (one, other, names[1], names[0])
            )

    def _years_apart(self) -> Iterator[_Candidate]:
        """How many years lie between two ages."""
        for (older, one), (younger, other) in self._peers():
            if one.answer != "number" or other.answer != "number":
                continue
            years = str(int(one.value) - int(other.value))
            if older is self._world.owner:
                asked = f"How many years older am I than my {younger.subject}?"
                apart = f"What is the age gap in years between me and my {younger.subject}?"
            else:
                than = "me" if younger is self._world.owner else f"my {younger.subject}"
                asked = f"How many years older is my {older.subject} than {than}?"
                apart = f"What is the age gap in years between my {older.subject} and {than}?"
            yield _Candidate(_id("years_between", one, other), (asked, apart), years, "number", (one, other))

    def _birthday_order(self) -> Iterator[_Choice]:
        """Whose birthday comes earlier in the calendar."""
        known = [(h, fact) for h in (self._world.owner, *self._people) if (fact := self._age_fact(h, "birthday"))]
        for (one, fact), (other, other_fact) in combinations(known, 2):
            days = [(_day(f).month, _day(f).day) for f in (fact, other_fact)]
            if days[0] == days[1]:
                continue
            first, second = (one, other) if days[0] < days[1] else (other, one)

            def ask(a: Human, b: Human, when: str) -> str:
                whose, than = ("my" if h is self._world.owner else f"my {h.subject}'s" for h in (a, b))
                than = "mine" if b is self._world.owner else than
                return f"Does {whose} birthday come {when} in the year than {than}?"

            yield _Choice(
                _id("birthday_order", fact, other_fact),
                (ask(first, second, "earlier"), ask(second, first, "later")),
                (ask(second, first, "earlier"), ask(first, second, "later")),
                (fact, other_fact),
            )

    def _first_pet(self) -> Iterator[_Candidate]:
        """Which pet has been there longest, once all their dates are known."""
        names = [self._get("pet_name", pet.subject) for pet in self._world.pets]
        dates = [self._get("pet_adoption_date", pet.subject) for pet in self._world.pets]
        known = [fact for fact in (*dates, *names) if fact is not None]
        if len(known) < 2 * len(self._world.pets):
            return
        by_day = sorted(
            zip(self._world.pets, known[: len(dates)], known[len(dates) :], strict=True), key=lambda t: _day(t[1])
        )
        for which, place in (("first", 0), ("last", -1)):
            answer = by_day[place][2]
            questions = (
                f"What is the name of the pet I got {which}?",
                f"Which of my pets came to me {which}? Tell me its name.",
            )
            others = [fact for fact in known if fact is not answer]
            yield _Candidate(f"{which}_pet", questions, answer.value, "name", (*others, answer))


def _says_who_is_older(one: Human, other: Human) -> bool:
    """Return whether the question itself would: "my older sister" and "my younger sister", or and me."""
    return any(h.subject.startswith(("older ", "younger ")) for h in (one, other)) and (
        one.role == other.role or not one.role or not other.role
    )


def _id(*parts: Fact | str) -> str:
    return "_".join(part if isinstance(part, str) else part.id.replace(".", "_") for part in parts)


def _day(fact: Fact) -> date:
    return datetime.strptime(fact.value, "%d %B %Y").date()
