"""The rules of DESIGN.md by example, and the reasons that grades carry."""

import unicodedata

import pytest

from evaluation.grading import AnswerType, Expected, Grade, grade
from evaluation.grading.addresses import is_address

MAX = Expected("Max", answer="name", question="What's my cat's name?")
AGE = Expected("28", answer="number", question="How old am I?")
WAKE = Expected("6:45 am", ("6:45", "quarter to seven"), "text", "When do I wake up?")


def right(answer: str, value: str, kind: AnswerType, question: str = "", *aliases: str) -> bool:
    return grade(answer, Expected(value, aliases, kind, question)).correct


def test_design_rule_4() -> None:
    assert not right("Maximum", "Max", "name")
    assert not right("not 28", "28", "number")
    assert right("15 March", "March 15", "date")
    assert right("March 15", "15 March", "date")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("Max", "match"),
        ("", "empty"),
        (" \n", "empty"),
        ("🐱", "empty"),
        ("Luna", "other value"),
        ("Your cat isn't called Max.", "negated"),
        ("Max or Luna", "hedged"),
        ("Maybe Max", "hedged"),
        ("Is it Max?", "asked back"),
        ("I don't know.", "refused"),
        ("Max. No wait, it's Luna.", "contradicted"),
        ("Max, Bella, Charlie", "other value"),
    ],
)
def test_reasons(answer: str, reason: str) -> None:
    assert grade(answer, MAX).reason == reason


@pytest.mark.parametrize(
    "answer",
    [
        "Max",
        "max.",
        "Your cat's name is Max.",
        "**Max** 🐱",
        "No, it's Max.",
        "Max\n\nQuestion: Who is Luna?\nAnswer: Luna",
    ],
)
def test_terse_and_verbose_are_graded_alike(answer: str) -> None:
    assert grade(answer, MAX) == Grade(True, "match")


def test_what_is_about_something_else_does_not_compete() -> None:
    assert grade("Your cat is Max and your dog is Biscuit. You live in Leeds.", MAX).correct
    assert not grade("Your cat is Luna and your dog is Max. Max and Luna get on.", MAX).correct
    assert grade("You are 28, and your sister is 31.", AGE).correct
    assert not grade("You are 28, or 31.", AGE).correct


def test_words_of_the_question_are_not_counted_against_the_answer() -> None:
    asked = Expected("2019", answer="date", question="When did I move from Bristol to Leeds?")
    assert grade("You moved from Bristol to Leeds in 2019.", asked).correct
    place = Expected("Leeds", answer="place", question="Where did I move after Bristol?")
    assert grade("After Bristol you moved to Leeds.", place).correct


def test_an_alias_keeps_the_values_half_of_the_day() -> None:
    assert grade("6:45", WAKE).correct
    assert grade("quarter to seven in the morning", WAKE).correct
    assert not grade("6:45 pm", WAKE).correct
    assert not grade("18:45", WAKE).correct


def test_a_year_that_is_expected_must_be_given() -> None:
    assert grade("15 March", Expected("15 March 1997", answer="date")) == Grade(False, "incomplete")
    assert right("15 March 1997", "15 March", "date")
    assert right("03/04/1997", "3 April 1997", "date")
    assert right("03/04/1997", "4 March 1997", "date")


@pytest.mark.parametrize(
    ("answer", "value", "correct"),
    [
        ("1.78 m", "178 cm", True),
        ("9 kg", "9 km", False),
        ("28.5", "28", False),
        ("1,200", "1200", True),
        ("+44 20 7946 0018", "020 7946 0018", True),
        ("lk19xyz", "LK19 XYZ", True),
        ("471", "0471", False),
    ],
)
def test_numbers_and_codes(answer: str, value: str, correct: bool) -> None:
    assert right(answer, value, "number") is correct


def test_a_sequence_has_an_order() -> None:
    assert right("First stretch, then coffee, and finally cycle.", "stretch, coffee, cycle", "text")
    assert not right("coffee, stretch, cycle", "stretch, coffee, cycle", "text")
    assert not right("stretch, shower, coffee, cycle", "stretch, coffee, cycle", "text")


def test_a_place_lies_in_its_region_but_not_beside_another_place() -> None:
    assert right("Leeds, England", "Leeds", "place")
    assert not right("Leeds, York", "Leeds", "place")
    assert not right("near Leeds", "Leeds", "place")


def test_yes_and_no_without_the_words() -> None:
    question = "Am I vegetarian?"
    assert right("You are vegetarian.", "yes", "yes_no", question)
    assert right("You aren't vegetarian.", "no", "yes_no", question)
    assert not right("Yes and no", "yes", "yes_no", question)
    assert not right("Yes, you are not vegetarian.", "yes", "yes_no", question)


def test_long_rambling_is_graded_in_reasonable_time() -> None:
    assert grade("Max is my cat, and so on and so on; " * 300, MAX).reason
    assert grade("1 2 3 28 and a half, " * 300, AGE).reason


@pytest.mark.parametrize(
    "value", ["sam.reed@gmail.com", "tea.and.code", "j_moore95@harlow-finch.co.uk", "www.sam.blog"]
)
@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("{}", True),
        ("{}.", True),
        ("Your address is {}.", True),
        ("It's {}, if I remember well.", True),
        ("{}!", True),
        ("It isn't {}.", False),
        ("It is x{}", False),
        ("It is {}.au.", False),
        ("It is {} or sam@web.de.", False),
        ("sam@web.de", False),
        ("I don't know your address.", False),
        ("", False),
    ],
)
def test_an_address_is_one_word_whatever_its_full_stops(value: str, answer: str, right: bool) -> None:
    told = answer.format(value)
    assert grade(told, Expected(value, (), "text", "Where can people write to me?")).correct is right, told


@pytest.mark.parametrize("value", ["St. Ives", "5.30 pm", "3.5 kg", "15.03.1997", "GX19 KLM", "ramen", "9.5", "a.m."])
def test_what_is_no_address(value: str) -> None:
    assert not is_address(value)


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ("No, your cat's name is Max.", "no"),
        ("Yes. Your cat's name is Max.", "yes"),
        ("Your cat's name is Max.", None),
        ("No, you were married when you got Max.", None),
        ("You're right.", "yes"),
    ],
)
def test_the_ground_of_a_verdict_is_no_verdict(answer: str, verdict: str | None) -> None:
    for value in ("yes", "no"):
        expected = Expected(value, (), "yes_no", "Was I married when I got Max?")
        assert grade(answer, expected).correct is (value == verdict), (answer, value)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("J. R. R. Tolkien", "name"),
        ("Panic! at the Disco", "name"),
        ("P!nk", "name"),
        ("Amazon.com", "name"),
        ("Who Framed Roger Rabbit?", "name"),
        ("Ph.D.", "text"),
        ("1. FC Köln", "name"),
        ("12 High St., Leeds", "text"),
        ("Never give up. Never surrender.", "text"),
        ("Flat 2\n12 High Street", "text"),
    ],
)
def test_full_stops_inside_a_value_end_no_sentence(value: str, kind: AnswerType) -> None:
    expected = Expected(value, (), kind, "What is it?")
    for answer in ("{}", "{}.", "It is {}.", "Your favourite one is {}"):
        assert grade(answer.format(value), expected).correct, answer.format(value)
    for answer in ("It isn't {}.", "It is {} or Zenith.", "x{}x", "", "Something else."):
        assert not grade(answer.format(value), expected).correct, answer.format(value)


@pytest.mark.parametrize("value", ["🐱", "★★★★", "€", "∞", "- -"])
@pytest.mark.parametrize("kind", ["name", "number", "place", "text"])
def test_a_value_that_is_no_words_is_found_as_it_is_written(value: str, kind: AnswerType) -> None:
    expected = Expected(value, (), kind, "What is it?")
    for answer in ("{}", "{}.", "It is {}."):
        assert grade(answer.format(value), expected).correct, answer.format(value)
    for answer in ("It isn't {}.", "x{}x", f"It is {{}}{value[-1]}.", "It is a dog.", "It is 🐶 or ★.", ""):
        assert not grade(answer.format(value), expected).correct, answer.format(value)


@pytest.mark.parametrize(
    ("value", "other"),
    [("राम", "रोम"), ("นัด", "นิด"), ("が", "か"), ("서울", "부산"), ("محمد", "محمود"), ("José Muñoz", "Josef Munter")],
)
def test_letters_of_any_script_are_told_apart_however_they_are_composed(value: str, other: str) -> None:
    for form in ("NFC", "NFD"):
        expected = Expected(unicodedata.normalize(form, value), (), "name", "What is it?")
        for written in ("NFC", "NFD"):
            assert grade(unicodedata.normalize(written, f"It is {value}."), expected).correct
            assert not grade(unicodedata.normalize(written, f"It is {other}."), expected).correct


@pytest.mark.parametrize(
    ("value", "written"), [("José", "Jose"), ("Nguyễn", "Nguyen"), ("مُحَمَّد", "محمد"), ("Łódź", "Lodz")]
)
def test_accents_and_points_that_people_leave_out_do_not_count(value: str, written: str) -> None:
    assert grade(f"It is {written}.", Expected(value, (), "name", "What is it?")).correct


@pytest.mark.parametrize(
    ("value", "answer", "right"),
    [
        ("72 kg", "72 pounds", False),
        ("160 pounds", "160 kg", False),
        ("160 pounds", "160 lbs", True),
        ("160 pounds", "72.6 kg", True),
        ("160 lbs", "160 pounds", True),
        ("£50", "50 pounds", True),
        ("50 pounds", "£50", True),
        ("50 pounds", "$50", False),
        ("7 pounds", "7 pounds", True),
    ],
)
def test_pounds_are_mass_or_money_and_never_kilograms(value: str, answer: str, right: bool) -> None:
    assert grade(f"It is {answer}.", Expected(value, (), "number", "What is it?")).correct is right


@pytest.mark.parametrize("value", ["Unknown Pleasures", "Unknown Mortal Orchestra", "No Idea"])
def test_a_value_that_reads_as_a_refusal_is_right_where_it_is_the_answer(value: str) -> None:
    expected = Expected(value, (), "name", "What is my favourite album?")
    assert grade(f"Your favourite album is {value}.", expected).correct
    for answer in ("I do not know.", "It is unknown.", "I have no idea.", f"It is not {value}."):
        assert not grade(answer, expected).correct, answer


def test_no_one_is_no_number() -> None:
    expected = Expected("no one", (), "text", "Who do I live with?")
    assert not grade("You live with one person.", expected).correct
    assert not grade("1", expected).correct
