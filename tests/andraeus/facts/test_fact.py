"""Facts as sentences, and a profile's content."""

import dataclasses

import pytest

from andraeus.facts.fact import BlindQuestion, Composition, Fact, Profile
from andraeus.facts.file import load_profile
from andraeus.relations.catalogue import catalogue, find


def fact(key: str, value: str, subject: str | None = None) -> Fact:
    meaning = find(key, subject)
    return Fact(key, meaning.relation, meaning.subject or subject, value)


CAT, JOB = fact("cat_name", "Max"), fact("sister_job", "architect")
COMPOSED = Composition("both", ("Who?",), "Max", "name", ("cat_name", "sister_job"))
PROFILE = Profile("Alex", "he", (CAT, JOB), (COMPOSED,), ("My neighbour has a cat.",), seed=3)


@pytest.mark.parametrize("relation", ["employer", "birthday", "is_vegetarian"])
def test_a_statement_holds_the_value_and_the_owner(relation: str) -> None:
    stated = fact(relation, "Zyzzyva")
    assert "Zyzzyva" in stated.statement("Alex")
    assert "Alex" not in stated.statement("Alex")
    assert "Zyzzyva" in stated.statement("Alex", third_person=True)
    assert "Alex" in stated.statement("Alex", third_person=True)


def test_a_statement_holds_the_subject() -> None:
    assert "sister" in JOB.statement("Alex")
    assert "sister" in JOB.statement("Alex", third_person=True)


def test_a_subject_left_out_is_the_relations_own() -> None:
    relation = catalogue()["pet_name"]
    assert relation.subject is not None
    assert relation.subject in Fact("pet", relation, None, "Max").statement("Alex")


def test_braces_in_a_value_are_no_slots() -> None:
    assert "{owner}" in fact("hobby", "{owner}").statement("Alex")


def test_every_shipped_statement_holds_its_value() -> None:
    for name in ("alex", "maya", "george"):
        profile = load_profile(f"package:{name}")
        for stated in profile.facts:
            for third_person in (False, True):
                sentence = stated.statement(profile.name, third_person=third_person)
                assert stated.value in sentence
                assert "{" not in sentence
                assert (profile.name in sentence) is (third_person or profile.name in stated.value), sentence


def test_a_fact_is_found_by_its_id() -> None:
    assert PROFILE.fact("sister_job") is JOB


def test_equal_content_has_an_equal_hash_wherever_it_came_from() -> None:
    copy = dataclasses.replace(PROFILE, facts=(fact("cat_name", "Max"), fact("sister_job", "architect")))
    assert copy is not PROFILE
    assert copy.content == PROFILE.content


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Bea"},
        {"facts": (CAT,)},
        {"facts": (JOB, CAT)},
        {"facts": (dataclasses.replace(CAT, value="Leo"), JOB)},
        {"facts": (dataclasses.replace(CAT, aliases=("Maxi",)), JOB)},
        {"facts": (dataclasses.replace(CAT, subject="kitten"), JOB)},
        {"facts": (dataclasses.replace(CAT, tier=3), JOB)},
        {"facts": (dataclasses.replace(CAT, answer="name"), JOB)},
        {"facts": (dataclasses.replace(CAT, questions={"direct": ("Who purrs?",)}), JOB)},
        {"compositions": ()},
        {"compositions": (dataclasses.replace(COMPOSED, value="Leo"),)},
        {"compositions": (dataclasses.replace(COMPOSED, questions=("Which?",)),)},
        {"distractors": ()},
    ],
)
def test_other_content_has_another_hash(change: dict) -> None:
    assert dataclasses.replace(PROFILE, **change).content != PROFILE.content


def test_what_is_set_aside_and_drawn_is_no_content() -> None:
    other = dataclasses.replace(PROFILE, blind=(BlindQuestion("cat_name", "Who purrs?"),), seed=4)
    assert other.content == PROFILE.content
