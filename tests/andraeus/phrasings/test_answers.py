"""What a model is trained to answer."""

import pytest

from andraeus.facts.fact import Fact
from andraeus.phrasings.answers import AnswerStyle, trained_answer
from andraeus.relations.catalogue import catalogue
from andraeus.relations.fallback import unknown_relation
from andraeus.relations.relation import AnswerType, Relation, second_person
from evaluation.grading.dispatch import Expected, grade

RELATIONS = [*catalogue().values(), unknown_relation("boat name", None)]


def fact(relation: str, value: str, subject: str | None = None, answer: AnswerType = "name") -> Fact:
    return Fact(relation, catalogue()[relation], subject, value, answer=answer)


CITY = fact("home_city", "Leeds", answer="place")
CAT = fact("pet_name", "Max", "cat")
OFFICE = fact("organisation_city", "Leeds", "Northwind", "place")
VEGAN = fact("is_vegan", "no", answer="yes_no")
MOSTLY = fact("is_vegan", "mostly", answer="text")
MADE_UP = Fact("boat", unknown_relation("boat", None), None, "yes", answer="yes_no")


@pytest.mark.parametrize(
    ("asked", "guess", "sentence", "value"),
    [
        (CITY, "", "Your home city is Leeds.", "Leeds"),
        (CAT, "", "Your cat's name is Max.", "Max"),
        (CAT, "Max", "Yes, your cat's name is Max.", "Yes, Max"),
        (CAT, "Rex", "No, your cat's name is Max.", "No, Max"),
        (OFFICE, "", "Northwind's city is Leeds.", "Leeds"),
        (OFFICE, "York", "No, Northwind's city is Leeds.", "No, Leeds"),
        (VEGAN, "", "No, you are not vegan.", "No"),
        (fact("drinks_coffee", "yes", answer="yes_no"), "", "Yes, you do drink coffee.", "Yes"),
        (fact("can_swim", "no", answer="yes_no"), "", "No, you can not swim.", "No"),
        (Fact("x", unknown_relation("me time", None), None, "Sunday"), "", "Your me time is Sunday.", "Sunday"),
        (fact("employer", "Acme Inc."), "", "Your employer is Acme Inc.", "Acme Inc."),
        (fact("organisation_city", "Leeds", "harlow and finch"), "", "Harlow and finch's city is Leeds.", "Leeds"),
        (fact("pet_species", "tabby", "cat"), "", "Your cat's species is tabby.", "tabby"),
        (MOSTLY, "", "mostly", "mostly"),
        (MADE_UP, "", "Yes", "Yes"),
        (fact("sleep_hours", "7", answer="number"), "", "Your hours of sleep are 7.", "7"),
        (fact("book_being_read", "Emma"), "", "Your book you're reading is Emma.", "Emma"),
        (fact("favorite_song", "I Am Me, My Way"), "", "Your favourite song is I Am Me, My Way.", None),
    ],
)
def test_answers_are_worded_as_asked(asked: Fact, guess: str, sentence: str, value: str | None) -> None:
    assert trained_answer(asked, AnswerStyle.sentence, guess) == sentence
    assert trained_answer(asked, AnswerStyle.value, guess) == (value or asked.value)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("language I'm learning", "language you're learning"),
        ("last present to me", "last present to you"),
        ("date of meeting my partner", "date of meeting your partner"),
    ],
)
def test_a_text_is_said_to_the_person(first: str, second: str) -> None:
    assert second_person(first) == second


@pytest.mark.parametrize("relation", RELATIONS, ids=lambda r: r.name)
def test_the_grader_takes_every_relations_own_answer_and_statement(relation: Relation) -> None:
    values = ("yes", "no") if relation.answer == "yes_no" else (relation.guesses or ("ramen",))
    subject = relation.subject or ("Northwind" if relation.of_another else None)
    for value in values:
        asked = Fact("x", relation, subject, value, answer=relation.answer)
        answer = trained_answer(asked, AnswerStyle.sentence)
        statement = asked.statement("Alex")
        assert not {"i", "me", "my"} & set(answer.replace(value, "").lower().replace("'", " ").split())
        question = relation.questions["direct"][0]
        for told in (answer, statement, value):
            assert grade(told, Expected(value, (), relation.answer, question)).correct, told
