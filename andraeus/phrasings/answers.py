"""What a model is trained to answer."""

from enum import StrEnum

from andraeus.facts.fact import Fact
from andraeus.relations.relation import Family, Person


class AnswerStyle(StrEnum):
    """How an answer is worded: "You live in Leeds.", or just "Leeds".

    A sentence says what was asked before it says the value. A chat model restates questions by itself, so
    one value is learned behind one wording, and questions that nobody trained lead to the same sentence.
    """

    sentence = "sentence"
    value = "value"


def trained_answer(fact: Fact, owner: str, family: Family, style: AnswerStyle, guess: str = "") -> str:
    """Return the answer to a question about a fact.

    Args:
        fact: What is asked for.
        owner: The person's name.
        family: The way of asking: what is asked about ``owner`` is answered about ``owner``, the rest as "your …".
        style: How the answer is worded; yes/no facts are answered by the one word.
        guess: The value that a confirming question puts up; it is answered by "Yes, …" or "No, …".
    """
    if fact.answer == "yes_no":
        return fact.value.capitalize()
    # A yes/no relation is stated as a question and its answer; its answer alone is what one says.
    if style == AnswerStyle.value or fact.relation.answer == "yes_no":
        told = fact.value
    else:
        told = _sentence(fact, owner, family, inside=bool(guess))
    return f"{'Yes' if guess == fact.value else 'No'}, {told}" if guess else told


def _sentence(fact: Fact, owner: str, family: Family, *, inside: bool) -> str:
    person: Person = "third" if family == "third_person" else "second"
    told = fact.statement(owner, person=person)
    begins_with_name = fact.relation.stated(person).startswith("{")
    return told[0].lower() + told[1:] if inside and not begins_with_name else told
