"""Questions about nobody in particular."""

from typing import Any

import pytest

from andraeus.facts.fact import Fact, Profile
from andraeus.facts.synthetic.wording import COUNTS
from andraeus.phrasings.answers import opening
from andraeus.phrasings.anyone import (
    ADDED_UP,
    PARTS,
    PLACEHOLDER,
    SUBJECTS,
    Opened,
    catalogue_questions,
    further_questions,
)
from andraeus.phrasings.build import Part, Phrasings, normalised
from andraeus.phrasings.families import split_families
from andraeus.relations.catalogue import catalogue, find

SPLIT = split_families(3)
OPENED = list(catalogue_questions(SPLIT))
FURTHER = list(further_questions(SPLIT))
EITHER = pytest.mark.parametrize("opened", [OPENED, FURTHER], ids=["catalogue", "further"])


def test_every_relation_is_asked_and_opened_by_its_noun() -> None:
    found = {one.beginning for one in OPENED}
    for relation in catalogue().values():
        if relation.name in ADDED_UP:
            continue
        subject = SUBJECTS[relation.subject][0] if relation.subject else None
        values = ("yes", "no") if relation.answer == "yes_no" else ("x",)
        for value in values:
            assert opening(Fact(relation.name, relation, subject, value, answer=relation.answer)) in found


@EITHER
def test_nothing_personal_is_said(opened: list[Opened]) -> None:
    assert not [one for one in opened if PLACEHOLDER in one.question + one.beginning]
    assert all(one.beginning.endswith(("is", "are")) for one in opened if not one.whole)
    assert {one.beginning[:3] for one in opened if one.whole} == {"Yes", "No,"}


def test_subjects_are_ones_the_catalogue_knows() -> None:
    assert set(SUBJECTS) == {r.subject for r in catalogue().values()} - {None}
    assert all(find("name", s).relation.name == f"{kind}_name" for kind in ("pet", "relative") for s in SUBJECTS[kind])


@pytest.mark.parametrize(("ask", "opened"), [(catalogue_questions, OPENED), (further_questions, FURTHER)])
def test_blind_questions_can_be_set_aside(ask: Any, opened: list[Opened]) -> None:
    aside = [one.question.upper() for one in opened[:3]]
    left = {normalised(one.question) for one in ask(SPLIT, aside)}
    assert not left & {normalised(question) for question in aside}
    assert len(left) > 0.9 * len({normalised(one.question) for one in opened})


def test_further_questions_stand_once_and_under_one_beginning() -> None:
    asked = [normalised(one.question) for one in FURTHER]
    assert len(set(asked)) == len(asked)


@EITHER
def test_what_facts_add_up_to_is_not_asked(opened: list[Opened]) -> None:
    asked = {normalised(one.question) for one in opened}
    for questions in COUNTS.values():
        assert not [question for question in questions if normalised(question) in asked]


@EITHER
@pytest.mark.parametrize("part", PARTS)
def test_no_question_of_another_part_is_asked(part: Part, opened: list[Opened]) -> None:
    asked = {normalised(one.question) for one in opened}
    for relation in catalogue().values():
        subject = SUBJECTS[relation.subject][0] if relation.subject else None
        fact = Fact(relation.name, relation, subject, PLACEHOLDER, answer=relation.answer)
        held = Phrasings(Profile("Sam", "they", (fact,)), SPLIT).available(fact, part)
        assert not [p.question for p in held if normalised(p.question) in asked and p.family != "typo"]
