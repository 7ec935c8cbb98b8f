"""Typing errors: drawn, small, and never in a word that tells two things apart."""

from random import Random

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from andraeus.phrasings.typos import with_typos

QUESTIONS = [
    "What is my cat called?",
    "Could you tell me where I live these days, please?",
    "my sister's job?",
    "I'm filling in a form that asks for my employer. What goes there?",
]
seeds = st.integers(0, 2**32)
sentences = st.lists(st.from_regex(r"[A-Za-z]{4,9}[?,]?", fullmatch=True), min_size=1, max_size=12).map(" ".join)


@given(sentences, seeds)
def test_a_text_always_changes_and_the_same_stream_repeats_it(text: str, seed: int) -> None:
    typed = with_typos(text, Random(seed))
    assert typed != text
    assert typed == with_typos(text, Random(seed))


@given(sentences, seeds)
@example("AAXx", 0)  # swapped it would be the same word
def test_an_error_is_one_keystroke_and_there_is_one_in_25_letters(text: str, seed: int) -> None:
    typed = with_typos(text, Random(seed))
    # Capitals and the mark at the end may go, which is no error.
    distance = OSA.distance(text.lower().rstrip("?."), typed.lower().rstrip("?."))
    assert 0 < distance <= max(1, len(text) // 25)


@given(sentences, seeds)
def test_words_keep_their_number_and_first_letters(text: str, seed: int) -> None:
    typed = with_typos(text, Random(seed))
    assert [word[0].lower() for word in typed.split(" ")] == [word[0].lower() for word in text.split(" ")]


@pytest.mark.parametrize("form", ["{}", "{}?", "{}'s", "{}’s", "({})", "{},", '"{}"', "{}'s?", "{}:"])
def test_a_protected_word_stays_in_every_form(form: str) -> None:
    word = form.format("Biscuit")
    protected = [with_typos(f"Where is {word} bed?", Random(seed), frozenset({"biscuit"})) for seed in range(100)]
    assert all(word.lower() in typed.lower().split(" ") for typed in protected)
    free = [with_typos(f"Where is {word} bed?", Random(seed)) for seed in range(100)]
    assert not all(word.lower() in typed.lower().split(" ") for typed in free)


@given(st.text(max_size=40), seeds)
def test_any_text_is_taken(text: str, seed: int) -> None:
    assume("\x00" not in text)
    assert len(with_typos(text, Random(seed))) <= len(text.lower()) + max(1, len(text) // 25)


def test_where_every_word_is_short_or_protected_nothing_is_mistyped() -> None:
    typed = {with_typos("my cat biscuit?", Random(seed), frozenset({"biscuit"})) for seed in range(50)}
    assert typed == {"my cat biscuit?", "my cat biscuit"}


@pytest.mark.parametrize("text", QUESTIONS)
def test_typos_are_drawn_not_listed(text: str) -> None:
    assert len({with_typos(text, Random(seed)) for seed in range(200)}) > 20


def test_all_kinds_of_error_come_up() -> None:
    word = "birthday"
    typed = {with_typos(word, Random(seed)) for seed in range(500)}
    lengths = {len(t) for t in typed}
    assert lengths == {7, 8, 9}, "dropped, swapped or replaced, doubled"
    assert any(sorted(t) == sorted(word) for t in typed), "swapped"
    assert any(len(t) == 8 and sorted(t) != sorted(word) for t in typed), "replaced"


def test_half_lose_their_mark_and_half_their_capitals() -> None:
    typed = [with_typos("Where do I live these days?", Random(seed)) for seed in range(400)]
    assert 0.4 < sum(t.endswith("?") for t in typed) / 400 < 0.6
    assert 0.4 < sum(t[0] == "W" for t in typed) / 400 < 0.6
