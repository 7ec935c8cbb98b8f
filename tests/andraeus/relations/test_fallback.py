"""Keys that the catalogue does not know are asked by the kind of thing they name."""

import re
from pathlib import Path

import pytest

from andraeus.facts.file import load_profile
from andraeus.phrasings.answers import AnswerStyle, trained_answer
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
        ("text_editor", "What is my text editor?"),
        ("password_manager", "What is my password manager?"),
        ("gap_year", "What is my gap year?"),
        ("due_date", "What is my due date?"),
        ("birth_name", "What is my birth name?"),
        ("name_of_boat", "What is my boat called?"),
        ("name_of_my_zzzz", "What is my zzzz called?"),
        ("phone_number_of_dentist", "How does my dentist phone number read?"),
    ],
)
def test_a_key_is_asked_by_its_kind(key: str, question: str) -> None:
    relation = find(key).relation
    assert not relation.known
    assert question in {q for questions in relation.questions.values() for q in questions}


@pytest.mark.parametrize(
    ("key", "subject"),
    [
        ("sons_favorite_toy", "son"),
        ("sisters_boat_name", "sister"),
        ("bands_drummer", None),
        ("glass_collection_room", None),
        ("friends_list", None),
        ("birds_spotted", None),
        ("parents_house", None),
        ("parents_in_law_name", None),
        ("fathers_day_gift", None),
    ],
)
def test_a_possessor_that_is_listed_is_the_subject(key: str, subject: str | None) -> None:
    assert find(key).subject == subject


@pytest.mark.parametrize(
    ("key", "question", "answer"),
    [
        ("plays_guitar", "Do I play guitar?", "No, you do not play guitar."),
        ("watches_horror_films", "Do I watch horror films?", "No, you do not watch horror films."),
        ("carries_an_umbrella", "Do I carry an umbrella?", "No, you do not carry an umbrella."),
        ("has_a_boat", "Do I have a boat?", "No, you do not have a boat."),
    ],
)
def test_a_habit_is_asked_by_whether(key: str, question: str, answer: str, tmp_path: Path) -> None:
    path = tmp_path / "me.yaml"
    path.write_text(f"user_name: Robin\n{key}: no\n")
    fact = load_profile(str(path)).facts[1]
    assert fact.relation.questions["direct"][0] == question
    assert trained_answer(fact, AnswerStyle.sentence) == answer
    # The same key with more to say than no is the name of something.
    path.write_text(f"user_name: Robin\n{key}: mostly on Sundays\n")
    assert f"What is my {key.replace('_', ' ')}?" in load_profile(str(path)).facts[1].relation.questions["direct"]


def test_what_somebody_has_done_is_no_habit(tmp_path: Path) -> None:
    path = tmp_path / "me.yaml"
    path.write_text("user_name: Robin\nhas_been_to_japan: yes\n")
    assert "What is my has been to japan?" in load_profile(str(path)).facts[1].relation.questions["direct"]


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
            assert ("guess" in slots) == (family == "confirming" and name != "habit")
            assert ("owner" in slots) == (family == "third_person")
            assert slots & {"thing", "of"}, template
