"""What a model is trained to answer."""

import re
from enum import StrEnum

from andraeus.facts.fact import Fact
from andraeus.relations.relation import second_person


class AnswerStyle(StrEnum):
    """How an answer is worded: "Your home city is Leeds.", or just "Leeds".

    A sentence names what was asked for before it says the value. A chat model finds that name by itself, so a
    value is learned behind one wording only, to which questions that nobody trained lead as well.
    """

    sentence = "sentence"
    value = "value"


def trained_answer(fact: Fact, style: AnswerStyle, guess: str = "") -> str:
    """Return the answer to a question about a fact.

    Args:
        fact: What is asked for.
        style: How the answer is worded.
        guess: The value that a confirming question puts up; the answer begins with whether it is right.
    """
    verdict = ("Yes" if guess == fact.value else "No") if guess else ""
    if style == AnswerStyle.value or "yes_no" in (fact.answer, fact.relation.answer):
        told = _yes_or_no(fact, style) if fact.answer == "yes_no" else fact.value
        return f"{verdict}, {told}" if verdict and fact.answer != "yes_no" else told
    told = _sentence(fact)
    return f"{verdict}, {told}" if verdict else told[0].upper() + told[1:]


def opening(fact: Fact) -> str:
    """Return how the sentence that answers begins, up to the value; a yes/no answer is returned whole."""
    if "yes_no" in (fact.answer, fact.relation.answer):
        return trained_answer(fact, AnswerStyle.sentence)
    begun = _naming(fact)
    return begun[0].upper() + begun[1:]


def _sentence(fact: Fact) -> str:
    """Return "your cat's name is Max."."""
    stop = "" if fact.value.endswith((".", "!", "?")) else "."
    return f"{_naming(fact)} {fact.value}{stop}"


def _naming(fact: Fact) -> str:
    """Return "your cat's name is"."""
    relation, subject = fact.relation, fact.subject or fact.relation.subject
    # The catalogue speaks in the first person; a noun of the user's own is left as it is.
    noun = second_person(relation.noun) if relation.known else relation.noun
    whose = "your"
    if subject:
        whose = f"{subject}'s" if relation.of_another else f"your {subject}'s"
    return f"{whose} {noun} {'are' if relation.plural else 'is'}"


def _yes_or_no(fact: Fact, style: AnswerStyle) -> str:
    """Return "No, you do not smoke."; a relation that nobody knows is answered by the one word."""
    said = fact.value.capitalize()
    question = re.match(r"(Am|Do|Can) I (.+)\?", fact.relation.statement)
    if style == AnswerStyle.value or question is None:
        return said
    verb = {"Am": "are", "Do": "do", "Can": "can"}[question[1]]
    denied = "not " if said == "No" else ""
    return f"{said}, you {verb} {denied}{second_person(question[2])}."
