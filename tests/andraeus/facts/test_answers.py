"""Which way an answer is graded."""

import pytest

from andraeus.facts.answers import answer_type
from andraeus.facts.file import load_profile
from andraeus.relations.catalogue import catalogue


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("yes", "yes_no"),
        ("No", "yes_no"),
        (" YES ", "yes_no"),
        ("yes, often", "text"),
        ("15 March 1997", "date"),
        ("15th of March", "date"),
        ("3rd June 2020", "date"),
        ("March 15", "date"),
        ("June 2021", "date"),
        ("1997-03-15", "date"),
        ("Mayfair 12", "text"),
        ("14 Mayfield Road", "text"),
        ("Sept 3", "date"),
        ("28", "number"),
        ("-3", "number"),
        ("£3.50", "number"),
        ("1,200", "number"),
        ("72 kg", "number"),
        ("9.5", "number"),
        ("12%", "number"),
        ("47 Elm Street", "text"),
        ("ramen", "text"),
        ("May", "text"),
    ],
)
def test_what_a_value_looks_like(value: str, expected: str) -> None:
    assert answer_type(None, value) == expected


@pytest.mark.parametrize(
    ("relation", "value", "expected"),
    [
        ("pet_name", "Max", "name"),
        ("pet_name", "7", "name"),
        ("home_city", "Leeds", "place"),
        ("birthday", "15 March 1997", "date"),
        ("birthday", "15/03/1997", "date"),
        ("birthday", "when I was small", "text"),
        ("age", "28", "number"),
        ("age", "28 years old", "number"),
        ("age", "old", "text"),
        ("is_vegetarian", "yes", "yes_no"),
        ("is_vegetarian", "mostly", "text"),
        ("is_vegetarian", "2 days a week", "text"),
        ("allergy", "no", "text"),
    ],
)
def test_the_relation_decides_unless_the_value_cannot_be_it(relation: str, value: str, expected: str) -> None:
    found = catalogue()[relation]
    assert answer_type(found, value) == (found.answer if expected == "text" and found.answer == "text" else expected)


def test_alexs_values_are_graded_as_their_relations_are() -> None:
    for fact in load_profile("package:alex").facts:
        assert fact.answer == fact.relation.answer, fact.id
