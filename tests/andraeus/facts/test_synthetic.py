"""Synthetic profiles: as many facts as asked for, unique answers, compositions that are right."""

import itertools
import random
import re
import time
from collections import Counter
from datetime import date
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andraeus.errors import UserError
from andraeus.facts.answers import answer_type
from andraeus.facts.fact import Profile
from andraeus.facts.synthetic import synthetic_profile
from andraeus.relations.catalogue import catalogue
from tests.andraeus.facts.recomputed import check_compositions, day, holds, plain

SIZES = [1, 5, 20, 50, 100, 500, 2000]
SEEDS = [0, 1, 7]
ORGANISATION = "organisation_"


@cache
def profile_of(n: int, seed: int) -> Profile:
    return synthetic_profile(n, seed)


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


def test_a_large_profile_takes_no_more_time_per_fact() -> None:
    def seconds(n: int) -> float:
        start = time.process_time()
        synthetic_profile(n, 123)
        return time.process_time() - start

    seconds(20)
    assert seconds(2000) < 2 * 4 * min(seconds(500) for _ in range(3))


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
