"""Every phrasing of a fact: nested selections, parts that share nothing, questions that tell no answer."""

import dataclasses
from collections import Counter
from itertools import combinations
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from andraeus.errors import UserError
from andraeus.facts.answers import answer_type
from andraeus.facts.fact import BlindQuestion, Composition, Fact, Profile
from andraeus.facts.file import load_profile
from andraeus.phrasings.build import Part, Phrasing, Phrasings, normalised
from andraeus.phrasings.families import split_families
from andraeus.relations.catalogue import catalogue, find, head_noun
from andraeus.relations.fallback import unknown_relation
from andraeus.relations.relation import Relation

PARTS: tuple[Part, ...] = get_args(Part)
SELECTIONS = (1, 5, 10, 20)
SUBJECTS = {"pet": ["cat", "dog", "guinea pig"], "relative": ["sister", "older brother", "mother", "friend Priya"]}


def fact_of(relation: Relation, value: str | None = None, subject: str | None = None, name: str | None = None) -> Fact:
    """A fact as a file's reader makes it; the value defaults to a plausible one."""
    if value is None:
        value = "yes" if relation.answer == "yes_no" else relation.guesses[0] if relation.guesses else "ramen"
    subject = subject or relation.subject
    own_id = name or (relation.name if subject == relation.subject else f"{relation.name}.{subject}")
    return Fact(own_id, relation, subject, value, answer=answer_type(relation, value), tier=relation.tier)


def profile_of(*facts: Fact, seed: int = 0, **more: object) -> Profile:
    return Profile("Robin", "they", facts, seed=seed, **more)  # type: ignore[arg-type]


def everything(phrasings: Phrasings) -> dict[tuple[str, Part], list[Phrasing]]:
    return {(f.id, part): phrasings.available(f, part) for f in phrasings.profile.facts for part in PARTS}


@st.composite
def facts(draw: st.DrawFn) -> Fact:
    """A fact of any relation, about any subject, with a usual or an awkward value."""
    relation = draw(st.sampled_from(list(catalogue().values())) | st.just(unknown_relation("boat name", None)))
    kind = relation.name.partition("_")[0]
    subject = draw(st.sampled_from(SUBJECTS[kind])) if kind in SUBJECTS and relation.subject else relation.subject
    usual = [*relation.guesses, "yes", "no", "28", "15 March 1997"]
    # Words that questions are made of, so that some of them would tell the answer.
    awkward = ["name", "cat", "home", "what", "my job", "Robin", "a", "I'm", "?", "{owner}", "Jo's"]
    value = draw(st.sampled_from(usual) | st.sampled_from(awkward) | st.text(min_size=1, max_size=12).filter(str.strip))
    fact = fact_of(relation, value.strip(), subject)
    aliases = draw(st.sampled_from([(), ("the form",), ("Max",)]))
    own = draw(st.sampled_from([{}, {"direct": ("Where do I put my key?",), "polite": ("Kindly: {owner}?",)}]))
    return dataclasses.replace(fact, aliases=aliases, questions=own)


@st.composite
def phrased(draw: st.DrawFn) -> Phrasings:
    """A profile of some facts under some split."""
    chosen = {fact.id: fact for fact in draw(st.lists(facts(), min_size=1, max_size=4))}
    # Blind questions that are also questions of the catalogue, and one that is not.
    fact = next(iter(chosen.values()))
    texts = [q for f in ("direct", "casual", "third_person") for q in fact.relation.questions[f][:2]]
    blind = tuple(BlindQuestion(fact.id, q) for q in draw(st.sets(st.sampled_from([*texts, "who purrs"]), max_size=3)))
    profile = profile_of(*chosen.values(), seed=draw(st.integers(0, 99)), blind=blind)
    return Phrasings(profile, split_families(draw(st.integers(0, 99))))


@settings(max_examples=60)
@given(phrased())
def test_selections_nest(phrasings: Phrasings) -> None:
    for fact in phrasings.profile.facts:
        for part in PARTS:
            most = len(phrasings.available(fact, part))
            drawn = [phrasings.draw(fact, part, min(n, most)) for n in SELECTIONS]
            for n, (fewer, more) in zip(SELECTIONS, zip(drawn, drawn[1:], strict=False), strict=False):
                assert len(fewer) == min(n, most)
                assert more[: len(fewer)] == fewer
    enough = [f for f in phrasings.profile.facts if len(phrasings.available(f, "train")) >= SELECTIONS[-1]]
    trained = [{p.question for p in phrasings.train(enough, n)} for n in SELECTIONS]
    assert all(fewer <= more for fewer, more in zip(trained, trained[1:], strict=False))
    assert [len(questions) for questions in trained] == [n * len(enough) for n in SELECTIONS]


@settings(max_examples=60)
@given(phrased())
def test_the_three_parts_share_no_question(phrasings: Phrasings) -> None:
    asked = {part: set[str]() for part in PARTS}
    for (_, part), found in everything(phrasings).items():
        asked[part] |= {normalised(p.question) for p in found}
    for one, other in combinations(PARTS, 2):
        assert asked[one] & asked[other] == set()


@settings(max_examples=60)
@given(phrased())
def test_no_question_of_a_fact_is_asked_twice(phrasings: Phrasings) -> None:
    for fact in phrasings.profile.facts:
        counts = Counter(normalised(p.question) for part in PARTS for p in phrasings.available(fact, part))
        assert [question for question, n in counts.items() if n > 1] == []


@settings(max_examples=60)
@given(phrased())
def test_no_question_but_a_confirming_one_holds_its_answer(phrasings: Phrasings) -> None:
    for fact in phrasings.profile.facts:
        if fact.answer == "yes_no":
            continue
        for part in PARTS:
            for phrasing in phrasings.available(fact, part):
                if phrasing.family == "confirming":
                    continue
                told = f" {normalised(phrasing.question)} "
                for answer in (fact.value, *fact.aliases):
                    assert not normalised(answer) or f" {normalised(answer)} " not in told, phrasing


@settings(max_examples=60)
@given(phrased())
def test_questions_come_from_the_families_of_their_part(phrasings: Phrasings) -> None:
    for (fact_id, part), found in everything(phrasings).items():
        assert {p.family for p in found} <= set(getattr(phrasings.split, part))
        assert {p.fact for p in found} <= {fact_id}
        assert part == "train" or "confirming" not in {p.family for p in found}


@settings(max_examples=60)
@given(phrased())
def test_the_first_ones_go_round_the_families(phrasings: Phrasings) -> None:
    for (_, part), found in everything(phrasings).items():
        order = [p.family for p in found]
        families = [family for family in getattr(phrasings.split, part) if family in order]
        # Typos and confirming questions repeat what is there: they join every second round.
        whole = [family for family in families if family not in ("typo", "confirming")]
        assert order[: len(whole)] == whole
        assert set(order[: len(whole) + len(families)]) == set(families)


@settings(max_examples=60)
@given(phrased())
def test_blind_questions_are_never_asked(phrasings: Phrasings) -> None:
    blind = {normalised(b.question) for b in phrasings.profile.blind}
    asked = {normalised(p.question) for found in everything(phrasings).values() for p in found}
    assert asked.isdisjoint(blind)


@settings(max_examples=60)
@given(phrased())
def test_typos_differ_from_every_question_that_is_written(phrasings: Phrasings) -> None:
    found = [p for phrases in everything(phrasings).values() for p in phrases]
    written = {normalised(p.question) for p in found if p.family != "typo"}
    assert written.isdisjoint(normalised(p.question) for p in found if p.family == "typo")


@settings(max_examples=30)
@given(phrased())
def test_phrasings_repeat(phrasings: Phrasings) -> None:
    again = Phrasings(dataclasses.replace(phrasings.profile), phrasings.split)
    assert everything(again) == everything(phrasings)
    assert everything(phrasings) == everything(phrasings), "asking twice draws nothing anew"


@settings(max_examples=40)
@given(phrased(), st.permutations(SELECTIONS))
def test_test_items_do_not_depend_on_what_is_trained(phrasings: Phrasings, order: list[int]) -> None:
    fresh = Phrasings(phrasings.profile, phrasings.split)
    for n in order:
        for fact in phrasings.profile.facts:
            if len(phrasings.available(fact, "train")) >= n:
                phrasings.train([fact], n)
            for part in ("test", "development"):
                assert phrasings.available(fact, part) == fresh.available(fact, part)


@pytest.mark.parametrize("split_seed", range(4))
def test_every_relation_has_enough_for_the_largest_study(split_seed: int) -> None:
    split = split_families(split_seed)
    for relation in [*catalogue().values(), unknown_relation("boat name", None)]:
        fact = fact_of(relation)
        phrasings = Phrasings(profile_of(fact), split)
        assert len(phrasings.draw(fact, "train", 20)) == 20
        assert len(phrasings.draw(fact, "test", 3)) == 3
        assert len(phrasings.draw(fact, "development", 2)) == 2


@pytest.mark.parametrize("split_seed", range(3))
@pytest.mark.parametrize("name", ["alex", "maya", "george"])
def test_the_shipped_profiles_never_train_what_is_set_aside(name: str, split_seed: int) -> None:
    profile = load_profile(f"package:{name}", f"package:{name}.blind")
    phrasings = Phrasings(profile, split_families(split_seed))
    apart = {normalised(b.question) for b in profile.blind}
    apart |= {normalised(q) for c in profile.compositions for q in c.questions}
    assert len(apart) >= 60
    assert len(phrasings.train(profile.facts, 20)) == 20 * len(profile.facts)
    asked = {part: [p for f in profile.facts for p in phrasings.available(f, part)] for part in PARTS}
    texts = {part: {normalised(p.question) for p in found} for part, found in asked.items()}
    for part in PARTS:
        assert texts[part].isdisjoint(apart)
        assert len(texts[part]) == len(asked[part]), "one question of two facts"
    assert texts["train"].isdisjoint(texts["test"] | texts["development"])
    assert texts["development"].isdisjoint(texts["test"])


def test_a_composed_question_is_never_trained() -> None:
    fact = fact_of(catalogue()["home_city"], "Leeds")
    theirs = fact.relation.questions["direct"][0]
    composed = Composition("c", (theirs.upper(),), "v", "text", ("home_city", "x"))
    for split_seed in range(8):
        phrasings = Phrasings(profile_of(fact, compositions=(composed,)), split_families(split_seed))
        asked = {normalised(p.question) for found in everything(phrasings).values() for p in found}
        assert normalised(theirs) not in asked


@pytest.mark.parametrize("part", PARTS)
def test_too_many_is_refused_and_says_how_many_there_are(part: Part) -> None:
    fact = fact_of(catalogue()["employer"])
    phrasings = Phrasings(profile_of(fact), split_families(0))
    most = len(phrasings.available(fact, part))
    assert len(phrasings.draw(fact, part, most)) == most
    with pytest.raises(UserError, match=rf"{most + 1} {part} phrasings were asked for, but employer has {most}: "):
        phrasings.draw(fact, part, most + 1)


def test_too_many_for_one_fact_is_refused_for_all() -> None:
    rich, poor = fact_of(catalogue()["employer"]), fact_of(catalogue()["home_city"], "a")
    phrasings = Phrasings(profile_of(rich, poor), split_families(0))
    most = len(phrasings.available(poor, "train"))
    assert most < len(phrasings.available(rich, "train")), "the value stands in many of its questions"
    with pytest.raises(UserError, match=f"home_city has {most}"):
        phrasings.train([rich, poor], most + 1)


def unrelated() -> list[Fact]:
    return [fact_of(catalogue()[name]) for name in ("shoe_size", "favorite_band", "wedding_date")]


@pytest.mark.parametrize("at_the_front", [True, False])
@settings(max_examples=25)
@given(st.sampled_from(sorted(catalogue())), st.integers(0, 20))
def test_an_unrelated_fact_changes_nothing(at_the_front: bool, name: str, split_seed: int) -> None:
    fact = fact_of(catalogue()[name])
    others = [other for other in unrelated() if other.id != fact.id]
    split = split_families(split_seed)
    alone = Phrasings(profile_of(fact), split)
    together = Phrasings(profile_of(*([*others, fact] if at_the_front else [fact, *others])), split)
    for part in PARTS:
        assert together.available(fact, part) == alone.available(fact, part)


def test_a_fact_of_the_same_relation_takes_the_questions_that_name_no_subject() -> None:
    """The one way in which facts touch: a question that would ask for both is asked for the first only."""
    cat = fact_of(catalogue()["pet_name"], "Max", "cat")
    dog = fact_of(catalogue()["pet_name"], "Biscuit", "dog")
    split = split_families(0)
    alone, together = Phrasings(profile_of(dog), split), Phrasings(profile_of(cat, dog), split)
    written = {
        part: [p for p in alone.available(dog, part) if p.family not in ("typo", "confirming")] for part in PARTS
    }
    kept = {
        part: [p for p in together.available(dog, part) if p.family not in ("typo", "confirming")] for part in PARTS
    }
    for part in PARTS:
        lost = {p.question for p in written[part]} - {p.question for p in kept[part]}
        of_the_cat = {normalised(p.question) for p in together.available(cat, part)}
        assert {normalised(question) for question in lost} <= of_the_cat
        assert all("dog" not in question for question in lost)
    ahead = Phrasings(profile_of(cat, dog), split)
    for part in PARTS:
        first = [p.question for p in Phrasings(profile_of(cat), split).available(cat, part) if p.family != "confirming"]
        assert [p.question for p in ahead.available(cat, part) if p.family != "confirming"] == first


def test_confirming_questions_are_half_right_half_wrong() -> None:
    phrasings = Phrasings(load_profile("package:alex"), split_families(0))
    answers: Counter[bool] = Counter()
    for fact in phrasings.profile.facts:
        for phrasing in phrasings.available(fact, "train"):
            if phrasing.family == "confirming" and fact.answer != "yes_no":
                right = phrasing.answer.startswith("Yes, ")
                assert (f" {normalised(fact.value)} " in f" {normalised(phrasing.question)} ") is right, phrasing
                answers[right] += 1
    assert answers.total() > 100
    assert 0.4 < answers[True] / answers.total() < 0.6


@pytest.mark.parametrize("value", ["yes", "no"])
def test_an_unknown_relation_with_yes_or_no_is_not_confirmed_with_an_empty_guess(value: str) -> None:
    relation = find("owns_boat").relation
    assert not relation.known
    fact = fact_of(relation, value)
    phrasings = Phrasings(profile_of(fact), split_families(0))
    trained = phrasings.available(fact, "train")
    assert len(trained) >= 20
    assert "confirming" not in {p.family for p in trained}
    assert {p.answer for p in trained} == {value.capitalize()}


def test_a_yes_no_relation_with_another_value_answers_with_that_value() -> None:
    fact = fact_of(catalogue()["is_vegetarian"], "mostly")
    assert fact.answer == "text"
    trained = Phrasings(profile_of(fact), split_families(0)).available(fact, "train")
    assert "confirming" in {p.family for p in trained}
    assert {p.answer for p in trained} == {"mostly"}


@pytest.mark.parametrize("family", ["direct", "casual", "indirect", "polite"])
def test_a_users_own_questions_come_first(family: str) -> None:
    own = ("Where do I clock in, {owner}?", "who sends my payslip")
    fact = dataclasses.replace(fact_of(catalogue()["employer"]), questions={family: own})
    for split_seed in range(3):
        split = split_families(split_seed)
        part = next(part for part in PARTS if family in getattr(split, part))
        asked = [p.question for p in Phrasings(profile_of(fact), split).available(fact, part) if p.family == family]
        assert asked[:2] == ["Where do I clock in, Robin?", "who sends my payslip"]


@pytest.mark.parametrize("seed", range(4))
def test_another_profile_seed_draws_other_orders_and_typos(seed: int) -> None:
    fact = fact_of(catalogue()["employer"])
    split = split_families(0)
    one = Phrasings(profile_of(fact, seed=seed), split).available(fact, "train")
    other = Phrasings(profile_of(fact, seed=seed + 1), split).available(fact, "train")
    assert {p.question for p in one if p.family == "direct"} == {p.question for p in other if p.family == "direct"}
    assert [p.question for p in one] != [p.question for p in other]
    assert {p.question for p in one if p.family == "typo"} != {p.question for p in other if p.family == "typo"}
    # The plainest question of a family stays first.
    assert next(p for p in one if p.family == "direct") == next(p for p in other if p.family == "direct")


@pytest.mark.parametrize("subject", ["sister", "older brother", "guinea pig", "friend Priya"])
def test_a_typo_is_near_its_source_and_leaves_the_subject_whole(subject: str) -> None:
    name = "pet_name" if head_noun(subject) == "guinea pig" else "relative_name"
    fact = fact_of(catalogue()[name], "Max", subject)
    checked = 0
    for split_seed in range(12):
        split = split_families(split_seed)
        part = next(part for part in PARTS if "typo" in getattr(split, part))
        found = Phrasings(profile_of(fact, seed=split_seed), split).available(fact, part)
        sources = [p.question for p in found if p.family not in ("typo", "confirming")]
        for typo in (p.question for p in found if p.family == "typo"):
            near = min(sources, key=lambda s: OSA.distance(s.lower().rstrip("?."), typo.lower().rstrip("?.")))
            assert OSA.distance(near.lower().rstrip("?."), typo.lower().rstrip("?.")) <= max(1, len(near) // 25)
            if subject.lower() in near.lower():
                assert subject.lower() in typo.lower(), (near, typo)
                checked += 1
    assert checked >= 10


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("What's my name?", "whats MY name", True),
        ("What’s my name", "what's my  name?", True),
        ("my cat?", "my cat", True),
        ("my cat", "my cats", False),
        ("Größe?", "größe", True),
        ("size 9", "size 19", False),
    ],
)
def test_which_questions_count_as_one(one: str, other: str, same: bool) -> None:
    assert (normalised(one) == normalised(other)) is same


def test_questions_are_the_same_by_their_letters_in_every_script() -> None:
    assert normalised("Who is Jose\u0301?") == normalised("who is José")
    assert normalised("मेरी बहन?") != normalised("मेरा बहन?")
