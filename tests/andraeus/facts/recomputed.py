"""Compositions, worked out again from the facts and the questions alone."""

import re
from datetime import date, datetime

from andraeus.facts.fact import Composition, Fact, Profile

ORGANISATION = "organisation_"


def plain(text: str) -> str:
    return " ".join(re.sub(r"[^\w\s]", "", text.casefold()).split())


def holds(text: str, part: str) -> bool:
    return f" {plain(part)} " in f" {plain(text)} "


def day(fact: Fact) -> date:
    return datetime.strptime(fact.value, "%d %B %Y").date()


def check_compositions(profile: Profile) -> None:
    ids = {f.id for f in profile.facts}
    asked = [plain(q) for c in profile.compositions for q in c.questions]
    assert len(asked) == len(set(asked))
    for composition in profile.compositions:
        assert len(composition.questions) == 2
        assert len(set(composition.components)) == len(composition.components) >= 2
        assert set(composition.components) <= ids
        for question in composition.questions:
            assert question.endswith(("?", "."))
            assert question[0].isupper()
            assert not set("{}") & set(question)
            for answer in (composition.value, *composition.aliases):
                assert not holds(question, answer), composition
            assert recomputed(profile, composition, question) == composition.value, (composition, question)


def recomputed(profile: Profile, composition: Composition, question: str) -> str:
    """Answer a composed question from its components, reading the question."""
    parts = [profile.fact(i) for i in composition.components]
    by_relation = {f.relation.name: f for f in parts}
    values = {f.relation.name: f.value for f in parts}

    if question.startswith(("How many siblings", "How many brothers", "How many children", "How many kids")):
        return str(len(parts))
    if question.startswith(("How many pets", "What is the total number of my pets")):
        return str(len(parts))
    if found := re.fullmatch(r"Did I (.+) (before|after) I (.+)\?", question):
        first, second = (event(parts, text) for text in (found[1], found[3]))
        return yes(first < second if found[2] == "before" else first > second)
    if found := re.fullmatch(r"(?:How old was I when I|At what age did I) (.+)\?", question):
        return str(full_years(day(by_relation["birthday"]), event(parts, found[1])))
    if found := re.fullmatch(r"(?:Is|Am|Was) (my .+|I|my .+) (?:older than|born before) (.+)\?", question):
        return yes(age_order(parts, found[1]) < age_order(parts, found[2]))
    if found := re.fullmatch(r"How many years older (?:is|am) (.+) than (.+)\?", question):
        return str(age(parts, found[1]) - age(parts, found[2]))
    if found := re.fullmatch(r"What is the age gap in years between (.+) and (.+)\?", question):
        return str(abs(age(parts, found[1]) - age(parts, found[2])))
    if found := re.fullmatch(r"Does (.+) birthday come (earlier|later) in the year than (.+)\?", question):
        one, other = (birthday(parts, who) for who in (found[1], found[3]))
        return yes(one < other if found[2] == "earlier" else one > other)
    if "older one, my" in question or "was born first" in question:
        found = re.search(r"my (.+) or my (.+?)\?", question)
        assert found
        older = min((found[1], found[2]), key=lambda who: age_order(parts, f"my {who}"))
        return name_of(parts, older)
    if found := re.search(r"pets? (?:I got|came to me) (first|last)|pets came to me (first|last)", question):
        dated = {f.subject: day(f) for f in parts if f.relation.name == "pet_adoption_date"}
        owned = {f.subject for f in profile.facts if f.relation.name == "pet_name"}
        assert owned == set(dated)
        pick = min if "first" in found[0] else max
        return name_of(parts, str(pick(dated, key=lambda pet: dated[pet])))
    if any(name.startswith(ORGANISATION) for name in values):
        organisation = next(f for f in parts if f.relation.name.startswith(ORGANISATION))
        employer = next(f for f in parts if f.relation.name in ("employer", "relative_employer"))
        assert organisation.subject == employer.value
        asked = {"city": "city", "founder": "[Ww]ho", "founding_year": "year|When", "industry": "business|industry"}
        assert re.search(asked[organisation.relation.name.removeprefix(ORGANISATION)], question)
        if len(parts) == 3:
            assert name_of(parts, str(employer.subject)) in question
        elif employer.subject is None:
            assert re.search(r"\b(my employer|I work)\b", question)
        else:
            assert f"my {employer.subject}" in question
        return organisation.value
    name, fact = parts
    assert len(parts) == 2
    assert name.value in question
    assert name_of([name], str(fact.subject)) == name.value
    return fact.value


def yes(true: bool) -> str:
    return "yes" if true else "no"


def full_years(born: date, then: date) -> int:
    return then.year - born.year - ((then.month, then.day) < (born.month, born.day))


def name_of(parts: list[Fact], subject: str) -> str:
    own = {"mother": "mother_name", "father": "father_name", "best friend": "best_friend_name"}
    own |= dict.fromkeys(("wife", "husband", "partner"), "partner_name")
    for fact in parts:
        if fact.relation.name == own.get(subject) or (
            fact.relation.name in ("relative_name", "pet_name") and fact.subject == subject
        ):
            return fact.value
    raise AssertionError(f"no name of {subject} among {[f.id for f in parts]}")


def event(parts: list[Fact], words: str) -> date:
    """Return the date of what the owner did, from the question's words for it."""
    phrases = {
        "work_start_date": "start(ed)? my present job",
        "wedding_date": "g[eo]t married",
        "engagement_date": "g[eo]t engaged",
        "graduation_date": "graduated?",
        "marathon_date": "r[ua]n my first marathon",
    }
    by_relation = {f.relation.name: f for f in parts if f.subject is None}
    for relation, pattern in phrases.items():
        if re.fullmatch(pattern, words):
            return day(by_relation[relation])
    if found := re.fullmatch(r"moved? to (.+)", words):
        assert found[1] == (by_relation["home_city"].value if "home_city" in by_relation else "the town I live in now")
        return day(by_relation["moved_to_city_date"])
    found = re.fullmatch(r"(?:g[eo]t|meet|first met) (.+)", words)
    assert found, words
    wanted = "pet_adoption_date" if words.startswith("g") else "relative_meeting_date"
    for fact in (f for f in parts if f.relation.name == wanted):
        if found[1] == f"my {fact.subject}" or any(p.value == found[1] for p in parts if same_being(p, fact)):
            return day(fact)
    raise AssertionError(words)


def same_being(name: Fact, fact: Fact) -> bool:
    try:
        return name_of([name], str(fact.subject)) == name.value
    except AssertionError:
        return False


def person(who: str) -> str | None:
    return None if who in ("I", "me", "mine", "my") else who.removeprefix("my ").removesuffix("'s")


def age(parts: list[Fact], who: str) -> int:
    wanted = "age" if person(who) is None else "relative_age"
    return next(int(f.value) for f in parts if f.relation.name == wanted and f.subject == person(who))


def age_order(parts: list[Fact], who: str) -> date:
    """Return a date of birth, or one of the right year where only the age is known."""
    for fact in parts:
        if fact.subject == person(who) and fact.relation.name in ("birthday", "relative_birthday"):
            return day(fact)
    return date(2025 - age(parts, who), 7, 1)


def birthday(parts: list[Fact], who: str) -> tuple[int, int]:
    wanted = "birthday" if person(who) is None else "relative_birthday"
    born = next(day(f) for f in parts if f.relation.name == wanted and f.subject == person(who))
    return born.month, born.day
