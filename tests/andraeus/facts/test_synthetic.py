"""Synthetic profiles: as many facts as asked for, unique answers, compositions that are right."""

import itertools
import random
import re
import time
from collections import Counter
from datetime import date, datetime
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andraeus.errors import UserError
from andraeus.facts.answers import answer_type
from andraeus.facts.fact import Composition, Fact, Profile
from andraeus.facts.synthetic import synthetic_profile
from andraeus.relations.catalogue import catalogue

SIZES = [1, 5, 20, 50, 100, 500, 2000]
SEEDS = [0, 1, 7]
ORGANISATION = "organisation_"


@cache
def profile_of(n: int, seed: int) -> Profile:
    return synthetic_profile(n, seed)


def plain(text: str) -> str:
    return " ".join(re.sub(r"[^\w\s]", "", text.casefold()).split())


def holds(text: str, part: str) -> bool:
    return f" {plain(part)} " in f" {plain(text)} "


def day(fact: Fact) -> date:
    return datetime.strptime(fact.value, "%d %B %Y").date()


def check_facts(profile: Profile, n: int) -> None:
    facts = profile.facts
    assert len(facts) == n
    ids = [f.id for f in facts] + [c.id for c in profile.compositions]
    assert len(set(ids)) == len(ids)
    values = [f.value.casefold() for f in facts if f.answer != "yes_no"]
    assert [v for v, count in Counter(values).items() if count > 1] == []
    assert sum(f.answer == "yes_no" for f in facts) <= 3
    assert len({(f.relation.name, f.subject) for f in facts}) == n
    # A company's name is the answer to one question and the subject of another.
    subjects = {f.subject for f in facts if f.subject and not f.relation.name.startswith(ORGANISATION)}
    joined = " | ".join(f" {plain(s)} " for s in subjects)
    for fact in facts:
        assert fact.relation is catalogue()[fact.relation.name]
        assert fact.relation.known
        assert fact.answer == answer_type(fact.relation, fact.value)
        for text in (fact.statement(profile.name), fact.statement(profile.name, third_person=True)):
            assert not set("{}") & set(text)
            assert fact.value in text
            assert text[0].isupper() or not text[0].isalpha()
            assert "  " not in text
        assert f" {plain(fact.value)} " not in joined, fact
        assert not holds(profile.name, fact.value)
        assert not re.search(r"\d", fact.subject or "")
        assert "\n" not in fact.value
        assert fact.value == fact.value.strip()


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("n", SIZES)
def test_holds_exactly_n_facts_with_answers_of_their_own(n: int, seed: int) -> None:
    check_facts(profile_of(n, seed), n)


@pytest.mark.parametrize("seed", range(20, 32))
def test_every_world_is_large_enough(seed: int) -> None:
    assert len(synthetic_profile(2000, seed).facts) == 2000


@given(n=st.integers(1, 2000), seed=st.integers(0, 2**40))
@settings(max_examples=40, deadline=None)
def test_any_size_and_any_seed(n: int, seed: int) -> None:
    profile = synthetic_profile(n, seed)
    check_facts(profile, n)
    check_compositions(profile)


@pytest.mark.parametrize("n", [0, -1, 2001, 10**6])
def test_another_size_is_refused_with_the_range(n: int) -> None:
    with pytest.raises(UserError, match="1 to 2000"):
        synthetic_profile(n, 0)


def test_same_seed_same_profile_and_no_global_state() -> None:
    random.seed(5)
    before = random.getstate()
    first = synthetic_profile(300, 11)
    assert random.getstate() == before
    random.seed(99)
    assert synthetic_profile(300, 11) == first
    assert synthetic_profile(300, 11).content == first.content


def test_other_seeds_are_other_people() -> None:
    profiles = [profile_of(50, seed) for seed in range(12)]
    assert len({p.content for p in profiles}) == 12
    assert len({p.fact("full_name").value for p in profiles}) == 12
    for one, other in itertools.combinations(profiles, 2):
        same = {(f.id, f.value) for f in one.facts} & {(f.id, f.value) for f in other.facts}
        assert len(same) <= 8


def test_a_small_profile_begins_a_large_one() -> None:
    large = profile_of(500, 3)
    for n in (1, 20, 100):
        assert synthetic_profile(n, 3).facts == large.facts[:n]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("n", [20, 30, 50])
def test_a_small_profile_mixes_the_tiers(n: int, seed: int) -> None:
    tiers = Counter(f.tier for f in profile_of(n, seed).facts)
    assert all(0.25 <= tiers[tier] / n <= 0.42 for tier in (1, 2, 3)), tiers


def test_a_large_profile_takes_little_time() -> None:
    synthetic_profile(20, 0)
    start = time.perf_counter()
    synthetic_profile(2000, 123)
    assert time.perf_counter() - start < 2


def test_yes_and_no_are_balanced_over_seeds() -> None:
    answers: Counter[str] = Counter()
    composed: Counter[str] = Counter()
    for seed in range(60):
        profile = synthetic_profile(120, seed)
        answers.update(f.value for f in profile.facts if f.answer == "yes_no")
        mine = Counter(c.value for c in profile.compositions if c.answer == "yes_no")
        assert abs(mine["yes"] - mine["no"]) <= 1
        assert sum(mine.values()) <= 0.4 * len(profile.compositions)
        composed += mine
    assert 0.35 < answers["yes"] / answers.total() < 0.65
    assert abs(composed["yes"] - composed["no"]) <= 25


# The person's life


@pytest.mark.parametrize("seed", range(40))
def test_dates_and_ages_fit_together(seed: int) -> None:
    profile = synthetic_profile(300, seed)
    found = {(f.relation.name, f.subject): f for f in profile.facts}
    own = {relation: f for (relation, subject), f in found.items() if subject is None}
    born = day(own["birthday"])
    assert int(own["age"].value) == 2025 - born.year
    assert 25 <= 2025 - born.year <= 60
    graduated = day(own["graduation_date"])
    assert born.year + 20 <= graduated.year <= born.year + 25
    for relation in ("moved_to_city_date", "work_start_date"):
        assert graduated < day(own[relation]) <= date(2025, 12, 31)
    if "wedding_date" in own and "engagement_date" in own:
        assert born.year + 19 < day(own["engagement_date"]).year
        assert day(own["engagement_date"]) < day(own["wedding_date"]) <= date(2025, 12, 31)
    if "next_trip_date" in own:
        assert day(own["next_trip_date"]) > date(2025, 12, 31)
    assert day(own["passport_expiry_date"]) > date(2025, 12, 31)
    ages = {subject: int(f.value) for (relation, subject), f in found.items() if relation == "relative_age"}
    mine = int(own["age"].value)
    for subject, age in ages.items():
        assert subject is not None
        if subject in ("mother", "father"):
            others = [a for s, a in ages.items() if s and re.search("sister|brother", s)]
            assert age >= max([mine, *others]) + 15
        if re.search("daughter|son", subject):
            assert age <= mine - 19
        if subject in ("older sister", "older brother"):
            assert age > mine
        if subject in ("younger sister", "younger brother"):
            assert age < mine
    for (relation, subject), fact in found.items():
        if relation == "relative_birthday" and subject in ages:
            assert 2025 - day(fact).year == ages[subject]
        if relation == "pet_adoption_date" and ("pet_birthday", subject) in found:
            assert day(found["pet_birthday", subject]) < day(fact) <= date(2025, 12, 31)
        if relation == "pet_age" and ("pet_birthday", subject) in found:
            assert 2025 - day(found["pet_birthday", subject]).year == int(fact.value)
        if relation == "relative_meeting_date" and subject and subject.startswith("colleague"):
            assert day(fact) >= day(own["work_start_date"])
        if relation == "relative_meeting_date" and subject and subject.startswith("neighbour"):
            assert day(fact) >= day(own["moved_to_city_date"])
        if relation == "relative_meeting_date" and subject in ("wife", "husband") and "wedding_date" in own:
            assert day(fact) < day(own["wedding_date"])


@pytest.mark.parametrize("seed", SEEDS)
def test_first_names_belong_to_one_person(seed: int) -> None:
    profile = profile_of(2000, seed)
    named = ("partner_name", "mother_name", "father_name", "best_friend_name", "relative_name", "relative_partner_name")
    values = [f.value for f in profile.facts if f.relation.name in named]
    roles = "friend|colleague|cousin|neighbour|teammate|old classmate|aunt|uncle|niece|nephew"
    subjects = {f.subject for f in profile.facts if f.subject and re.match(f"({roles}) [A-Z]", f.subject)}
    people = {subject.split()[-1] for subject in subjects}
    assert len(people) == len(subjects) > 50
    assert len(values) == len(set(values))
    assert not people & set(values)
    assert profile.name not in people | set(values)


@pytest.mark.parametrize("seed", SEEDS)
def test_organisations_are_somebodys_employer(seed: int) -> None:
    profile = profile_of(500, seed)
    employers = {f.value for f in profile.facts if f.relation.name in ("employer", "relative_employer")}
    subjects = {f.subject for f in profile.facts if f.relation.name.startswith(ORGANISATION)}
    assert subjects
    assert subjects <= employers


# Distractors


@pytest.mark.parametrize(("n", "least", "most"), [(1, 10, 10), (50, 10, 15), (200, 25, 30), (2000, 25, 30)])
@pytest.mark.parametrize("seed", SEEDS)
def test_distractors_speak_of_others(seed: int, n: int, least: int, most: int) -> None:
    profile = profile_of(n, seed)
    assert least <= len(profile.distractors) <= most
    assert len(set(profile.distractors)) == len(profile.distractors)
    statements = {f.statement(profile.name) for f in profile.facts}
    names = {f.value for f in profile.facts if f.relation.name.endswith("_name")} | {profile.name}
    subjects = {f.subject for f in profile.facts if f.subject}
    for text in profile.distractors:
        assert not set("{}") & set(text)
        assert text not in statements
        about = re.match(r"(?:The \w+ )?([A-Z]\w*)(?:'s | )", text)
        assert about, text
        assert about[1] not in names
        assert not any(f"y {subject} " in text or f"y {subject}'s" in text for subject in subjects), text


# Compositions, worked out again from the facts and the questions alone


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("n", SIZES)
def test_compositions_are_right(n: int, seed: int) -> None:
    profile = profile_of(n, seed)
    check_compositions(profile)


@pytest.mark.parametrize("seed", range(60))
def test_there_are_enough_compositions(seed: int) -> None:
    assert synthetic_profile(19, seed).compositions == ()
    for n, least in ((20, 4), (35, 8), (50, 16), (120, 36), (400, 36)):
        profile = synthetic_profile(n, seed)
        assert least <= len(profile.compositions) <= 40
        check_compositions(profile)


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


# The word lists


def test_lists_are_long_enough_and_hold_plain_strings_once() -> None:
    from andraeus.facts.synthetic.values import country_of, data

    assert len(country_of()) >= 400
    work = data("work")
    assert len({job for sector in work["sectors"].values() for job in sector["jobs"]}) >= 250
    least = {
        "tastes": {"hobbies": 150, "foods": 150, "books": 80, "bands": 80, "films": 80, "instruments": 40},
        "things": {"cars": 100, "gifts": 150},
        "places": {"meeting": 100},
    }
    for name, lists in least.items():
        for key, count in lists.items():
            assert len(data(name)[key]) >= count
    for name in ("names", "places", "work", "tastes", "things"):
        for key, entries in data(name).items():
            if isinstance(entries, list):
                assert all(isinstance(e, str) and e.strip() == e for e in entries), key
                assert len({e.casefold() for e in entries}) == len(entries), key


def test_blind_questions_must_be_about_the_profile(tmp_path) -> None:
    path = tmp_path / "blind.yaml"
    path.write_text("- {fact: full_name, question: who on earth am I}\n")
    assert synthetic_profile(5, 0, blind=str(path)).blind[0].fact == "full_name"
    path.write_text("- {fact: nothing, question: who on earth am I}\n")
    with pytest.raises(UserError, match="nothing"):
        synthetic_profile(5, 0, blind=str(path))
    composed = synthetic_profile(50, 0).compositions[0].id
    path.write_text(f"- {{fact: {composed}, question: who on earth am I}}\n")
    with pytest.raises(UserError, match="is a composition"):
        synthetic_profile(50, 0, blind=str(path))
