"""What a model is trained to answer."""

import pytest

from andraeus.facts.fact import Fact
from andraeus.phrasings.answers import AnswerStyle, trained_answer
from andraeus.relations.catalogue import catalogue
from andraeus.relations.fallback import unknown_relation
from andraeus.relations.relation import Family, Relation, second_person

CITY = Fact("home_city", catalogue()["home_city"], None, "Leeds")
CAT = Fact("pet_name.cat", catalogue()["pet_name"], "cat", "Max")
OFFICE = Fact("office", catalogue()["organisation_city"], "Northwind", "Leeds")
VEGAN = Fact("is_vegan", catalogue()["is_vegan"], None, "no", answer="yes_no")


@pytest.mark.parametrize(
    ("fact", "family", "guess", "sentence", "value"),
    [
        (CITY, "direct", "", "You live in Leeds.", "Leeds"),
        (CAT, "casual", "", "Your cat is called Max.", "Max"),
        (CAT, "confirming", "Max", "Yes, your cat is called Max.", "Yes, Max"),
        (CAT, "confirming", "Rex", "No, your cat is called Max.", "No, Max"),
        (CAT, "third_person", "", "Alex's cat is called Max.", "Max"),
        (OFFICE, "confirming", "York", "No, Northwind has its office in Leeds.", "No, Leeds"),
        (VEGAN, "direct", "", "No", "No"),
    ],
)
def test_answers_are_worded_as_asked(fact: Fact, family: Family, guess: str, sentence: str, value: str) -> None:
    assert trained_answer(fact, "Alex", family, AnswerStyle.sentence, guess) == sentence
    assert trained_answer(fact, "Alex", family, AnswerStyle.value, guess) == value


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("I am 28.", "You are 28."),
        ("I'm afraid of moths.", "You're afraid of moths."),
        ("I've met my hero, a friend of mine.", "You've met your hero, a friend of yours."),
        (
            "The present my aunt gave me was a kite I made myself.",
            "The present your aunt gave you was a kite you made yourself.",
        ),
        ("As a child I was Bean.", "As a child you were Bean."),
        ("Am I vegan? No.", "Are you vegan? No."),
    ],
)
def test_a_statement_is_said_to_the_person(first: str, second: str) -> None:
    assert second_person(first) == second


@pytest.mark.parametrize("relation", [*catalogue().values(), unknown_relation("boat name", None)], ids=lambda r: r.name)
def test_every_relation_can_be_told_to_the_person(relation: Relation) -> None:
    words = relation.stated("second").replace("'", " ").replace(".", " ").lower().split()
    assert not {"i", "me", "my", "mine", "myself"} & set(words)
    assert not {("you", "am"), ("am", "you"), ("you", "has")} & set(zip(words, words[1:], strict=False))
    assert relation.stated("second").count("{value}") == 1


def test_a_value_is_never_reworded() -> None:
    song = Fact("favorite_song", catalogue()["favorite_song"], None, "I Am Me, My Way")
    assert "I Am Me, My Way" in trained_answer(song, "Alex", "direct", AnswerStyle.sentence)
