"""The catalogue: enough relations, each asked in enough ways, and found under the keys people write."""

import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from andraeus.phrasings.build import normalised
from andraeus.relations.catalogue import catalogue, closest, find, head_noun, normal_key, pronoun_of, subject_words
from andraeus.relations.relation import FAMILIES, Relation, fill

RELATIONS = catalogue()
SLOT = re.compile(r"{(\w*)}")
# Which slots a relation's texts may hold; "subject" and pronouns only where it has a subject.
OF_SUBJECT = {"subject", "they", "them", "their"}


def questions(relation: Relation) -> list[tuple[str, str]]:
    return [(family, question) for family, texts in relation.questions.items() for question in texts]


def test_there_are_relations_enough() -> None:
    assert len(RELATIONS) >= 120
    assert Counter(relation.tier for relation in RELATIONS.values()).keys() == {1, 2, 3}
    assert {relation.answer for relation in RELATIONS.values()} == {"name", "date", "number", "place", "yes_no", "text"}


def test_each_relation_is_asked_in_forty_ways() -> None:
    counts = {name: len({normalised(q) for _, q in questions(relation)}) for name, relation in RELATIONS.items()}
    assert {name: n for name, n in counts.items() if n < 40} == {}


def test_each_relation_is_asked_in_all_families() -> None:
    written = set(FAMILIES) - {"typo"}
    assert [name for name, relation in RELATIONS.items() if set(relation.questions) != written] == []


def test_any_four_families_hold_the_largest_selection() -> None:
    # Twenty variations are drawn from four of the families, whichever the split makes them.
    def fewest(relation: Relation) -> int:
        return sum(sorted(len(texts) for family, texts in relation.questions.items() if family != "confirming")[:4])

    assert [name for name, relation in RELATIONS.items() if fewest(relation) < 20] == []


def test_no_question_of_a_relation_stands_there_twice() -> None:
    twice = {
        (name, question)
        for name, relation in RELATIONS.items()
        for question, n in Counter(normalised(q) for _, q in questions(relation)).items()
        if n > 1
    }
    assert twice == set()


@pytest.mark.parametrize("name", RELATIONS)
def test_slots_are_ones_that_are_filled(name: str) -> None:
    relation = RELATIONS[name]
    allowed = {"owner"} | (OF_SUBJECT if relation.subject else set())
    for family, question in questions(relation):
        slots = set(SLOT.findall(question))
        assert slots <= allowed | ({"guess"} if family == "confirming" else set()), question
        assert "{" not in SLOT.sub("", question), question
        assert family != "third_person" or "owner" in slots, question
        if family == "confirming":
            # Yes/no relations ask the thing itself; others put a value to the test.
            assert ("guess" in slots) is (relation.answer != "yes_no"), question
    for statement in (relation.statement, relation.third_person_statement):
        assert set(SLOT.findall(statement)) <= allowed | {"value"}, statement
        assert "{value}" in statement, statement
    assert "{owner}" not in relation.statement
    assert "{owner}" in relation.third_person_statement


def test_guesses_are_there_and_differ() -> None:
    guessed = {name: relation.guesses for name, relation in RELATIONS.items() if relation.answer != "yes_no"}
    assert [name for name, guesses in guessed.items() if len(guesses) < 3] == []
    assert [name for name, guesses in guessed.items() if len({g.casefold() for g in guesses}) < len(guesses)] == []


def test_each_relation_is_found_by_its_name_and_every_synonym() -> None:
    keys = {(key, name) for name, relation in RELATIONS.items() for key in (name, *relation.synonyms)}
    # As people write keys, too: spaces, capitals, "My …".
    keys |= {(f"My {key.replace('_', ' ').title()}", name) for key, name in keys}
    assert len(keys) > 3 * len(RELATIONS)
    assert {(key, name, found) for key, name in keys if (found := find(key).relation.name) != name} == set()


@pytest.mark.parametrize(
    ("key", "relation", "subject"),
    [
        ("dog_name", "pet_name", "dog"),
        ("dogs_name", "pet_name", "dog"),
        ("dog's name", "pet_name", "dog"),
        ("My Cat's name", "pet_name", "cat"),
        ("my cat’s name", "pet_name", "cat"),
        ("name_of_my_dog", "pet_name", "dog"),
        ("name of the dog", "pet_name", "dog"),
        ("guinea_pig_name", "pet_name", "guinea pig"),
        ("sister_job", "relative_job", "sister"),
        ("sister_name", "relative_name", "sister"),
        ("older_brothers_birthday", "relative_birthday", "older brother"),
        ("youngest_sister_name", "relative_name", "youngest sister"),
        ("favourite_food", "favorite_food", None),
        ("Favourite Colour", "favorite_color", None),
        ("my favorite colour", "favorite_color", None),
        ("birthday", "birthday", None),
        ("user_birthday", "birthday", None),
        ("current_employer", "employer", None),
        ("SHOE-SIZE", "shoe_size", None),
    ],
)
def test_keys_that_people_write(key: str, relation: str, subject: str | None) -> None:
    meaning = find(key)
    assert (meaning.relation.name, meaning.subject, meaning.relation.known) == (relation, subject, True)


@pytest.mark.parametrize(
    ("key", "subject", "relation"),
    [
        ("name", "cat", "pet_name"),
        ("name", "older sister", "relative_name"),
        ("job", "friend Priya", "relative_job"),
        ("birthday", "mum", "relative_birthday"),
        ("pet_name", "axolotl", "pet_name"),
    ],
)
def test_a_key_beside_its_subject(key: str, subject: str, relation: str) -> None:
    meaning = find(key, subject)
    assert (meaning.relation.name, meaning.subject) == (relation, subject)


@pytest.mark.parametrize("key", ["flux_capacitor", "sister_flux_capacitor", "zzzz"])
def test_an_unknown_key_is_asked_by_its_noun_phrase_and_says_so(key: str) -> None:
    meaning = find(key)
    assert not meaning.relation.known
    assert meaning.relation.noun == key.replace("_", " ")
    assert f"What is my {meaning.relation.noun}?" in meaning.relation.questions["direct"]
    assert len({normalised(q) for _, q in questions(meaning.relation)}) >= 40


def test_an_unknown_key_about_a_subject() -> None:
    meaning = find("flux_capacitor", "sister")
    assert not meaning.relation.known
    assert meaning.subject == "sister"
    assert "What is my {subject}'s flux capacitor?" in meaning.relation.questions["direct"]


@pytest.mark.parametrize(
    ("key", "expected"),
    [("shoe_sise", "shoe_size"), ("favourite_foood", "favorite_food"), ("brithday", "birthday")],
)
def test_a_misspelt_key_is_told_what_is_like_it(key: str, expected: str) -> None:
    assert not find(key).relation.known
    known = closest(key)
    assert expected in known
    assert len(known) == len(set(known)) <= 3
    assert all(find(other).relation.known for other in known)


@pytest.mark.parametrize("key", ["xqzwv", "hockey_team"])
def test_a_key_like_nothing_is_told_nothing(key: str) -> None:
    assert closest(key) == []


@given(st.sampled_from(sorted(RELATIONS)))
def test_a_normal_key_stays_as_it_is(name: str) -> None:
    assert normal_key(normal_key(name)) == normal_key(name)


@pytest.mark.parametrize(
    ("subject", "head", "pronoun", "words"),
    [
        ("sister", "sister", "she", ("sister",)),
        ("older sister", "sister", "she", ("older sister",)),
        ("friend Priya", "friend", "they", ("friend Priya",)),
        ("mother", "mother", "she", ("mother", "mum", "mom")),
        ("late grandmother", "grandmother", "she", ("late grandmother", "late grandma", "late gran")),
        ("cat", "cat", "it", ("cat",)),
        ("guinea pig", "guinea pig", "it", ("guinea pig",)),
        ("Harlow and Finch", "", "they", ("Harlow and Finch",)),
    ],
)
def test_subjects_have_pronouns_and_other_words(subject: str, head: str, pronoun: str, words: tuple[str, ...]) -> None:
    assert head_noun(subject) == head
    assert pronoun_of(subject) == pronoun
    assert subject_words(subject) == words


def test_nobody_is_they() -> None:
    assert pronoun_of(None) == "they"


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("Where does my {subject} work, and do {they} like it?", "Where does my sister work, and do she like it?"),
        ("{subject}: {their} job", "Sister: her job"),
        ("Ask {them}, {owner}.", "Ask her, Alex."),
        ("{value} is a {guess}", "Max is a Leo"),
        ("an unknown {slot} stays", "an unknown {slot} stays"),
        ("{owner open", "{owner open"),
        ("lower case stays", "lower case stays"),
        ("", ""),
    ],
)
def test_filling_a_template(template: str, expected: str) -> None:
    assert fill(template, owner="Alex", subject="sister", pronoun="she", value="Max", guess="Leo") == expected


@given(st.text(max_size=20), st.text(max_size=20))
def test_what_is_filled_in_stands_as_it_is(value: str, owner: str) -> None:
    assert fill("I say {value} to {owner}.", owner=owner, subject=None, pronoun="they", value=value) == (
        f"I say {value} to {owner}."
    )


def test_a_filled_relation_has_no_slot_left() -> None:
    for relation in RELATIONS.values():
        pronoun = pronoun_of(relation.subject)
        templates = [q for _, q in questions(relation)] + [relation.statement, relation.third_person_statement]
        for template in templates:
            text = fill(template, owner="Alex", subject=relation.subject, pronoun=pronoun, value="Max", guess="Leo")
            assert "{" not in text
            assert "  " not in text
            assert text == text.strip()
            assert text[0] == text[0].upper() or not template.startswith("{")
