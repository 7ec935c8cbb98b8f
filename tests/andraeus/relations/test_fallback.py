"""Keys that the catalogue does not know are asked by the kind of thing they name."""

import re

import pytest

from andraeus.relations.catalogue import find
from andraeus.relations.fallback import kinds

COUNTS = {
    "direct": 18, "casual": 16, "polite": 6, "minimal": 6, "indirect": 16, "imperative": 6, "embedded": 6,
    "third_person": 6, "confirming": 4,
}  # fmt: skip


@pytest.mark.parametrize(
    ("key", "question"),
    [
        ("boat_name", "What is my boat called?"),
        ("my_garage_code", "What unlocks my garage?"),
        ("favourite_composer", "Which composer do I like best?"),
        ("number_of_beehives", "How many beehives do I have?"),
        ("chess_partner", "Who is my chess partner?"),
        ("babysitter", "Who is my babysitter?"),
        ("yoga_class_time", "What time is my yoga class?"),
        ("chess_night", "Which weekday is my chess night?"),
        ("meditation_spot", "Where is my meditation spot?"),
        ("hourly_wage", "How much is my hourly wage?"),
        ("student_id", "How does my student id read?"),
        ("marathon_year", "In which year was my marathon?"),
        ("divorce_date", "When was my divorce?"),
        ("sisters_boat_name", "What is my {subject}'s boat called?"),
        # What only looks like one of them is asked by its noun phrase.
        ("stage_name", "What is my stage name?"),
        ("promo_code", "What is my promo code?"),
        ("commute_time_record", "What is my commute time record?"),
        ("marathon_split_time_best", "What is my marathon split time best?"),
        ("sons_favorite_toy", "What is my {subject}'s favorite toy?"),
    ],
)
def test_a_key_is_asked_by_its_kind(key: str, question: str) -> None:
    relation = find(key).relation
    assert not relation.known
    assert question in {q for questions in relation.questions.values() for q in questions}


def test_a_possessor_that_is_listed_is_the_subject() -> None:
    assert find("sons_favorite_toy").subject == "son"
    assert find("bands_drummer").subject is None
    assert find("glass_collection_room").subject is None


@pytest.mark.parametrize("name", sorted(kinds()))
def test_a_kind_has_its_questions(name: str) -> None:
    questions = kinds()[name].questions
    assert {family: len(templates) for family, templates in questions.items()} == COUNTS
    bare = [re.sub(r"\W+", " ", q.casefold()) for templates in questions.values() for q in templates]
    assert len(set(bare)) == len(bare)
    for family, templates in questions.items():
        for template in templates:
            slots = set(re.findall(r"{(\w+)}", template))
            assert slots <= {"thing", "of", "owner", "guess"}
            assert ("guess" in slots) == (family == "confirming")
            assert ("owner" in slots) == (family == "third_person")
            assert slots & {"thing", "of"}, template
