"""What holds for any value: neutral words around it change nothing, a negation does, a longer word is another one."""

import datetime
from typing import NamedTuple

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from evaluation.grading import AnswerType, Expected, grade, lexicon


class Case(NamedTuple):
    value: str
    kind: AnswerType


NAMES = ["Max", "Emma", "Alex Morgan", "José", "Harlow and Finch", "O'Brien", "The Hobbit", "Dr Patel", "Radiohead"]
PLACES = ["Leeds", "New York", "Durham University", "São Paulo", "Portugal", "St Ives", "the laundry basket"]
TEXTS = ["teal", "ramen", "border terrier", "oat flat white", "data engineer", "peanuts", "crème brûlée", "O negative"]
DATES = ["15 March 1997", "15 March", "June 2019", "2012", "December 11, 2001"]
NUMBERS = ["28", "9", "178 cm", "£350", "1,200", "42.5", "LK19 XYZ", "020 7946 0018", "0471", "6:45 am"]
FRAMES = [
    "{}", "{}.", "{}!", "**{}**", "“{}”", "It's {}.", "It is {}!", "I believe it's {}.", "The answer is {}.",
    "Answer: {}", "That would be {}, of course.", "As you told me, it's {}.", "{} 🎉", "{}\n\nQuestion: And what else?",
    "Sure! It's {}. Anything else I can help with?", "Yes, {}.", "No, it's {}.", "{}\nUser: thanks", "'{}'", "- {}",
]  # fmt: skip

words = st.from_regex(r"[A-Z][a-z]{3,9}", fullmatch=True).filter(
    lambda word: word.lower() not in lexicon.FUNCTION | lexicon.INTERJECTIONS | lexicon.NEUTRAL | lexicon.TITLES
)
cases = st.one_of(
    st.builds(Case, st.sampled_from(NAMES), st.just("name")),
    st.builds(Case, words.filter(lambda word: not word.endswith("s")), st.just("name")),
    st.builds(Case, st.sampled_from(PLACES), st.just("place")),
    st.builds(Case, st.sampled_from(TEXTS), st.just("text")),
    st.builds(Case, st.sampled_from(DATES), st.just("date")),
    st.builds(Case, st.sampled_from(NUMBERS), st.just("number")),
    st.builds(Case, st.integers(2, 99_999).map(str), st.just("number")),
)
FORMATS = [
    "%d %B %Y",
    "%B %d, %Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%Y-%m-%d",
    "%d.%m.%Y",
    "%b %d %Y",
    "%d-%b-%Y",
    "%A %d %B %Y",
]
some_dates = st.dates(datetime.date(1930, 1, 1), datetime.date(2039, 12, 31))


def passes(answer: str, case: Case) -> bool:
    return grade(answer, Expected(case.value, answer=case.kind)).correct


@given(cases, st.sampled_from(FRAMES))
def test_neutral_words_around_a_right_answer_keep_it_right(case: Case, frame: str) -> None:
    assert passes(frame.format(case.value), case)


@given(
    cases, st.sampled_from(["not {}", "It's not {}.", "It isn't {}", "never {}", "I don't think it's {}.", "Is it {}?"])
)
def test_a_denial_or_a_question_makes_it_wrong(case: Case, frame: str) -> None:
    assert not passes(frame.format(case.value), case)


@given(cases, st.sampled_from(["ville", "ling", "son", "ium", "xyz"]))
def test_a_longer_word_is_another_value(case: Case, ending: str) -> None:
    assert not passes(case.value + ending, case)
    assert not passes(f"It's {case.value}{ending}.", case)


@given(st.sampled_from(NAMES), words, st.sampled_from(["{} or {}", "either {} or {}", "{}, {}", "{} and {}", "{}/{}"]))
def test_one_name_among_others_is_wrong(name: str, other: str, frame: str) -> None:
    assume(other.lower() not in name.lower())
    assert not passes(frame.format(name, other), Case(name, "name"))
    assert not passes(frame.format(other, name), Case(name, "name"))


@given(some_dates, st.sampled_from(FORMATS), st.sampled_from(FORMATS))
def test_a_date_is_right_in_every_format(date: datetime.date, expected: str, written: str) -> None:
    numeric = {"%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y"}
    assume(not (expected in numeric and written in numeric))
    assert passes(date.strftime(written), Case(date.strftime(expected), "date"))


@given(some_dates, some_dates, st.sampled_from(["%d %B %Y", "%B %d, %Y", "%Y-%m-%d"]))
def test_another_date_is_wrong(date: datetime.date, other: datetime.date, written: str) -> None:
    assume(date != other)
    assert not passes(other.strftime(written), Case(date.strftime("%d %B %Y"), "date"))


@given(st.integers(0, 99_999), st.integers(0, 99_999))
def test_another_number_is_wrong(number: int, other: int) -> None:
    assume(number != other)
    assert not passes(str(other), Case(str(number), "number"))


@given(st.text(max_size=200), st.sampled_from(["name", "date", "number", "place", "yes_no", "text"]))
def test_any_text_gets_a_grade(answer: str, kind: AnswerType) -> None:
    value = {"date": "15 March 1997", "number": "28", "yes_no": "yes"}.get(kind, "Max")
    assert grade(answer, Expected(value, answer=kind, question="What is it?")).reason


@pytest.mark.parametrize("value", ["yes", "no"])
def test_yes_and_no_are_never_both(value: str) -> None:
    other = {"yes": "no", "no": "yes"}[value]
    for answer in ("Yes.", "No.", "You do.", "You don't.", "Indeed", "Not at all"):
        graded = [grade(answer, Expected(v, answer="yes_no", question="Do I swim?")).correct for v in (value, other)]
        assert sum(graded) == 1
