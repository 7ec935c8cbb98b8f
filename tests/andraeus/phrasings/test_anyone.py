"""Questions about nobody in particular."""

import pytest

from andraeus.facts.fact import Fact, Profile
from andraeus.facts.synthetic.wording import COUNTS
from andraeus.phrasings.answers import opening
from andraeus.phrasings.anyone import ADDED_UP, PLACEHOLDER, SUBJECTS, opened_questions
from andraeus.phrasings.build import Phrasings, normalised
from andraeus.phrasings.families import split_families
from andraeus.relations.catalogue import catalogue, find

SPLIT = split_families(3)
OPENED = list(opened_questions(SPLIT))


def test_every_relation_is_asked_and_opened_by_its_noun() -> None:
    found = {one.beginning for one in OPENED}
    for relation in catalogue().values():
        if relation.name in ADDED_UP:
            continue
        subject = SUBJECTS[relation.subject][0] if relation.subject else None
        values = ("yes", "no") if relation.answer == "yes_no" else ("x",)
        for value in values:
            assert opening(Fact(relation.name, relation, subject, value, answer=relation.answer)) in found


def test_nothing_personal_is_said() -> None:
    assert not [one for one in OPENED if PLACEHOLDER in one.question + one.beginning]
    assert all(one.beginning.endswith(("is", "are")) for one in OPENED if not one.whole)
    assert {one.beginning[:3] for one in OPENED if one.whole} == {"Yes", "No,"}


def test_subjects_are_ones_the_catalogue_knows() -> None:
    assert set(SUBJECTS) == {r.subject for r in catalogue().values()} - {None}
    assert all(find("name", s).relation.name == f"{kind}_name" for kind in ("pet", "relative") for s in SUBJECTS[kind])


def test_blind_questions_can_be_set_aside() -> None:
    aside = [one.question.upper() for one in OPENED[:3]]
    left = {normalised(one.question) for one in opened_questions(SPLIT, aside)}
    assert not left & {normalised(question) for question in aside}
    assert len(left) > 0.9 * len({normalised(one.question) for one in OPENED})


def test_what_facts_add_up_to_is_not_asked() -> None:
    asked = {normalised(one.question) for one in OPENED}
    for questions in COUNTS.values():
        assert not [question for question in questions if normalised(question) in asked]


@pytest.mark.parametrize("part", ["development", "test"])
def test_no_question_of_another_part_is_asked(part: str) -> None:
    asked = {normalised(one.question) for one in OPENED}
    for relation in catalogue().values():
        subject = SUBJECTS[relation.subject][0] if relation.subject else None
        fact = Fact(relation.name, relation, subject, PLACEHOLDER, answer=relation.answer)
        held = Phrasings(Profile("Sam", "they", (fact,)), SPLIT).available(fact, part)  # type: ignore[arg-type]
        assert not [p.question for p in held if normalised(p.question) in asked and p.family != "typo"]
