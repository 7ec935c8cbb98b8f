"""What a model is trained to answer."""

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


def trained_answer(fact: Fact, owner: str, style: AnswerStyle, guess: str = "") -> str:
    """Return the answer to a question about a fact.

    Args:
        fact: What is asked for.
        owner: The person's name.
        style: How the answer is worded.
        guess: The value that a confirming question puts up; the answer begins with whether it is right.
    """
    verdict = "" if not guess else "Yes" if guess == fact.value else "No"
    if fact.answer == "yes_no":
        value = fact.value.capitalize()
        return _restated(fact, value, owner) if style == AnswerStyle.sentence else value
    value_only = style == AnswerStyle.value or fact.relation.answer == "yes_no"
    told = fact.value if value_only else _sentence(fact)
    if verdict:
        return f"{verdict}, {told}"
    return f"Y{told[1:]}" if not value_only and told.startswith("your ") else told


def _sentence(fact: Fact) -> str:
    """Return "your cat's name is Max."."""
    noun, subject = second_person(fact.relation.noun), fact.subject or fact.relation.subject
    whose = "your"
    if subject:
        whose = f"{subject}'s" if fact.relation.of_another else f"your {subject}'s"
    return f"{whose} {noun} {'are' if _plural(noun) else 'is'} {fact.value}."


def _restated(fact: Fact, value: str, owner: str) -> str:
    """Return "Do you smoke? No."; a relation that nobody knows is answered by the one word."""
    if fact.relation.answer != "yes_no":
        return value
    return second_person(fact.statement(owner)).replace(f"? {fact.value}", f"? {value}")


def _plural(noun: str) -> bool:
    head = noun.split(" of ")[0]
    return head.endswith("s") and not head.endswith(("ss", "us", "is", "'s"))
