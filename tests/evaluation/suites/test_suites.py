import dataclasses

import pytest

from andraeus.errors import UserError
from andraeus.facts.fact import BlindQuestion
from andraeus.phrasings.build import Phrasings, normalised
from andraeus.phrasings.families import split_families
from evaluation.suites.facts import Blind, Heldout, Seen
from evaluation.suites.item import Material, NothingToAsk, checked_items
from evaluation.suites.nearest import nearest_distances
from evaluation.suites.tiers import Tiers


def test_heldout_questions_are_never_trained(alex: Material) -> None:
    items = checked_items(Heldout(per_fact=3), alex)
    assert len(items) == 3 * len(alex.facts)
    trained = {normalised(p.question) for p in alex.trained}
    assert not trained & {normalised(item.question) for item in items}
    assert {item.family for item in items} <= set(alex.phrasings.split.test)


def test_test_items_are_the_same_at_every_number_of_variations(alex: Material) -> None:
    few = dataclasses.replace(alex, variations=1)
    for suite in (Heldout(), Tiers(), Blind()):
        assert suite.items(few) == suite.items(alex)


def test_seen_questions_are_all_trained(alex: Material) -> None:
    items = checked_items(Seen(per_fact=2), alex)
    trained = {p.question for p in alex.trained}
    assert {item.question for item in items} <= trained


def test_a_trained_question_in_a_test_refuses_to_run(alex: Material) -> None:
    leaked = BlindQuestion(alex.facts[0].id, alex.trained[0].question)
    leaking = dataclasses.replace(alex, profile=dataclasses.replace(alex.profile, blind=(leaked,)))
    with pytest.raises(UserError, match="trained ones"):
        checked_items(Blind(), leaking)


def test_naming_a_question_as_blind_takes_it_out_of_training(alex: Material) -> None:
    question = alex.trained[0].question
    profile = dataclasses.replace(alex.profile, blind=(BlindQuestion(alex.facts[0].id, question.upper()),))
    material = Material(profile, profile.facts, Phrasings(profile, split_families(0)), 10)
    assert normalised(question) not in {normalised(p.question) for p in material.trained}
    assert len(checked_items(Blind(), material)) == 1


def test_a_seen_suite_of_untrained_questions_refuses_to_run(alex: Material) -> None:
    with pytest.raises(UserError, match="not trained"):
        checked_items(Seen(per_fact=15), alex)


def test_tier_four_is_composed_and_its_components_are_trained(alex: Material) -> None:
    items = [item for item in checked_items(Tiers(), alex) if item.tier == 4]
    assert len({item.fact for item in items}) >= 16
    trained = {normalised(p.question) for p in alex.trained}
    ids = {fact.id for fact in alex.facts}
    for item in items:
        assert len(item.needs) >= 2
        assert set(item.needs) <= ids
        assert normalised(item.question) not in trained


def test_compositions_need_all_their_components(alex: Material) -> None:
    few = tuple(fact for fact in alex.facts if fact.tier == 1)
    items = Tiers(per_fact=0).items(dataclasses.replace(alex, facts=few))
    ids = {fact.id for fact in few}
    assert all(set(item.needs) <= ids for item in items)


def test_no_blind_questions_is_said(alex: Material) -> None:
    bare = dataclasses.replace(alex, profile=dataclasses.replace(alex.profile, blind=()))
    with pytest.raises(NothingToAsk, match="facts.blind"):
        Blind().items(bare)


def test_a_blind_question_has_one_id_whatever_is_trained(alex: Material) -> None:
    whole = {item.id: item for item in Blind().items(alex)}
    assert len(whole) == len(alex.profile.blind)
    for tier in (1, 2, 3):
        part = Blind().items(dataclasses.replace(alex, facts=tuple(f for f in alex.facts if f.tier == tier)))
        assert all(whole[item.id] == item for item in part)


def test_blind_questions_about_other_tiers_are_said(alex: Material) -> None:
    asked = {b.fact for b in alex.profile.blind[:2]}
    profile = dataclasses.replace(alex.profile, blind=alex.profile.blind[:2])
    rest = tuple(f for f in alex.facts if f.id not in asked)
    with pytest.raises(NothingToAsk, match="none of the 2 questions of facts.blind"):
        Blind().items(dataclasses.replace(alex, profile=profile, facts=rest))


@pytest.mark.parametrize(("suite", "least"), [(Seen, 1), (Heldout, 1), (Tiers, 0)])
def test_fewer_questions_than_can_be_asked_are_refused(suite: type[Seen | Heldout | Tiers], least: int) -> None:
    assert suite(per_fact=least).per_fact == least
    with pytest.raises(UserError, match=f"suite.per_fact={least - 1}.*at least {least}"):
        suite(per_fact=least - 1)


def test_a_suite_without_items_is_said(alex: Material) -> None:
    with pytest.raises(NothingToAsk, match="suite=heldout has nothing to ask"):
        checked_items(Heldout(), dataclasses.replace(alex, facts=()))


def test_yes_no_compositions_are_balanced(alex: Material) -> None:
    answers = [i.expected.lower() for i in Tiers().items(alex) if i.tier == 4 and i.answer_type == "yes_no"]
    assert len(answers) >= 8
    assert answers.count("yes") == answers.count("no")


def test_distances() -> None:
    assert nearest_distances(["What is it?"], ["what is it", "other"]) == [0.0]
    assert nearest_distances(["abcd"], ["abcx"]) == [0.25]
    assert nearest_distances(["abcd"], []) == [None]
