"""A person's own file: two forms that are read as written, and a sentence for every way to get it wrong."""

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from andraeus.errors import UserError
from andraeus.facts.fact import BlindQuestion, Fact, Profile
from andraeus.facts.file import load_profile, notes_on
from tests.andraeus.facts.malformed import MALFORMED

Load = Callable[..., Profile]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Write a profile (and a blind file) and read it back."""

    def write_and_load(text: str, blind: str | None = None) -> Profile:
        path = tmp_path / "me.yaml"
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        if blind is None:
            return load_profile(str(path))
        (tmp_path / "blind.yaml").write_text(textwrap.dedent(blind), encoding="utf-8")
        return load_profile(str(path), str(tmp_path / "blind.yaml"))

    return write_and_load


def values(profile: Profile) -> dict[str, str]:
    return {fact.id: fact.value for fact in profile.facts}


def test_the_documented_form(load: Load) -> None:
    profile = load(
        """
        name: Alex
        pronoun: he
        facts:
          - {relation: employer, value: Northwind Analytics, aliases: [Northwind]}
          - {relation: pet_name, subject: cat, value: Max}
          - {relation: sister_job, value: architect, id: emmas_job, tier: 1, answer: text}
          - relation: home_city
            value: Leeds
            questions: ["Where is my front door?", "Which town am I in?"]
          - relation: hobby
            value: bouldering
            questions: {casual: [what do i climb], minimal: ["climbing?"]}
        compositions:
          - id: cat_and_city
            questions: ["Does Max live in Leeds?"]
            value: "yes"
            components: [pet_name.cat, home_city]
        distractors: [My neighbour's cat is called Felix.]
        """
    )
    assert (profile.name, profile.pronoun, profile.seed) == ("Alex", "he", 0)
    assert [(f.id, f.relation.name, f.subject, f.value) for f in profile.facts] == [
        ("employer", "employer", None, "Northwind Analytics"),
        ("pet_name.cat", "pet_name", "cat", "Max"),
        ("emmas_job", "relative_job", "sister", "architect"),
        ("home_city", "home_city", None, "Leeds"),
        ("hobby", "hobby", None, "bouldering"),
    ]
    assert profile.facts[0].aliases == ("Northwind",)
    assert (profile.facts[2].tier, profile.facts[2].answer) == (1, "text")
    assert profile.facts[3].questions == {"direct": ("Where is my front door?", "Which town am I in?")}
    assert profile.facts[4].questions == {"casual": ("what do i climb",), "minimal": ("climbing?",)}
    (composition,) = profile.compositions
    assert (composition.value, composition.answer) == ("yes", "yes_no")
    assert composition.components == ("pet_name.cat", "home_city")
    assert profile.distractors == ("My neighbour's cat is called Felix.",)
    assert profile.blind == ()


def test_the_flat_form(load: Load) -> None:
    profile = load(
        """
        user_name: Alex Morgan
        pronoun: he
        pet_type: cat
        pet_name: Max
        favourite_food: ramen
        sister_name: Emma
        hobbies: [bouldering, chess]
        age: 28
        distractors: [My neighbour has a parrot.]
        """
    )
    assert (profile.name, profile.pronoun) == ("Alex", "he")
    assert values(profile) == {
        "user_name": "Alex Morgan",
        "pet_type": "cat",
        "pet_name": "Max",
        "favourite_food": "ramen",
        "sister_name": "Emma",
        "hobbies": "bouldering, chess",
        "age": "28",
    }
    relations = {fact.id: (fact.relation.name, fact.subject) for fact in profile.facts}
    assert relations["user_name"] == ("full_name", None)
    assert relations["pet_name"] == ("pet_name", "cat")
    assert relations["favourite_food"] == ("favorite_food", None)
    assert relations["sister_name"] == ("relative_name", "sister")
    assert profile.distractors == ("My neighbour has a parrot.",)


def test_a_flat_name_of_one_word_is_a_first_name(load: Load) -> None:
    assert load("name: Alex\nage: 3").facts[0].relation.name == "first_name"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("yes", "yes"),
        ("No", "no"),
        ("true", "yes"),
        ('"yes"', "yes"),
        ("28", "28"),
        ('"28"', "28"),
        ("0", "0"),
        ("0412", "0412"),
        ("007", "007"),
        ("6:45", "6:45"),
        ("22:30", "22:30"),
        ("1.80", "1.80"),
        ("1_000", "1_000"),
        ("1e3", "1e3"),
        ("+44 7700 900123", "+44 7700 900123"),
        (".nan", ".nan"),
        ("on", "on"),
        ("1997-03-15", "15 March 1997"),
        ('"1997-03-15"', "15 March 1997"),
        ("2020-1-6", "6 January 2020"),
        ("1997", "1997"),
        ("15 March 1997", "15 March 1997"),
        ("  ramen  ", "ramen"),
        ('"a: b # c"', "a: b # c"),
        ("Ünïcödé 🐈", "Ünïcödé 🐈"),
        ("'{value}'", "{value}"),
    ],
)
@pytest.mark.parametrize("form", ["documented", "flat"])
def test_values_are_read_as_they_are_written(load: Load, written: str, read: str, form: str) -> None:
    if form == "flat":
        profile = load(f"user_name: Alex\nhobby: {written}\n")
    else:
        profile = load(f"name: Alex\nfacts:\n  - relation: hobby\n    value: {written}\n")
    assert profile.facts[-1].value == read


def test_aliases_are_read_as_they_are_written(load: Load) -> None:
    profile = load("name: A\nfacts: [{relation: wake_up_time, value: 6:45, aliases: [06:45, no, 7, 1997-03-15]}]")
    assert profile.facts[0].aliases == ("06:45", "no", "7", "1997-03-15")


words = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=20).filter(
    lambda text: text.strip()
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=words)
def test_a_quoted_value_comes_through_whole(tmp_path: Path, value: str) -> None:
    path = tmp_path / "me.yaml"
    quoted = "'" + value.replace("'", "''") + "'"
    path.write_text(f"user_name: Alex\nhobby: {quoted}\n", encoding="utf-8")
    assert load_profile(str(path)).facts[-1].value == value.strip()


@pytest.mark.parametrize("what", MALFORMED)
def test_a_malformed_file_gets_one_sentence(load: Load, tmp_path: Path, what: str) -> None:
    text, sentence = MALFORMED[what]
    with pytest.raises(UserError, match=sentence) as error:
        load(text)
    told = str(error.value)
    assert told.startswith(str(tmp_path / "me.yaml"))
    assert "\n" not in told
    assert told.endswith(".") or told.endswith("`key: value`.")


def test_many_problems_are_told_together(load: Load) -> None:
    facts = "".join(f"  - {{relation: r{i}, value: ''}}\n" for i in range(8))
    with pytest.raises(UserError, match=r"facts\.1\.value: .*; facts\.5\.value: .*; and 3 more\.$"):
        load("name: Alex\nfacts:\n" + facts)


@pytest.mark.parametrize("path", ["nowhere.yaml", ".", "package:nobody", "\0"])
def test_a_missing_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="There is no facts file"):
        load_profile(path)


def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "me.yaml"
    path.write_bytes("user_name: José\n".encode("latin-1"))
    with pytest.raises(UserError, match="is not UTF-8 text: save it as UTF-8"):
        load_profile(str(path))


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "me.yaml"
    path.write_text("user_name: Alex\n")

    def refused(*_: object, **__: object) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_text", refused)
    with pytest.raises(UserError, match=r"cannot be read: Permission denied\.$"):
        load_profile(str(path))


def test_a_path_may_begin_with_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "me.yaml").write_text("user_name: Alex\nage: 3\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert load_profile("~/me.yaml").name == "Alex"


TWO = "name: Alex\nfacts: [{relation: age, value: 28}, {relation: pet_name, subject: cat, value: Max}]\n"


def test_blind_questions_are_kept_with_their_facts(load: Load) -> None:
    profile = load(TWO, "- {fact: age, question: ' how old am i? '}\n- {fact: pet_name.cat, question: who purrs}\n")
    assert profile.blind == (BlindQuestion("age", "how old am i?"), BlindQuestion("pet_name.cat", "who purrs"))


def test_a_blind_question_about_a_composition_is_refused(load: Load) -> None:
    composed = "compositions:\n  - {id: both, questions: [Which two], value: Max, components: [age, pet_name.cat]}\n"
    with pytest.raises(UserError, match="entry 1 asks for both, which is a composition"):
        load(TWO + composed, "- {fact: both, question: which two}\n")


@pytest.mark.parametrize(
    ("blind", "sentence"),
    [
        ("", "holds no questions"),
        ("age: how old am i?\n", "holds no questions"),
        ("[]\n", "holds no questions"),
        ("- how old am i?\n", "entry 1 is not"),
        ("- {fact: age}\n", "entry 1 is not"),
        ("- {fact: age, question: old, answer: 28}\n", "entry 1 is not"),
        ("- {fact: age, question: old}\n- {fact: hobby, question: what}\n", "entry 2 asks for hobby, which"),
        ("- {fact: [age], question: old}\n", r"entry 1 asks for \['age'\], which"),
        ("- {fact: age, question: }\n", "entry 1 has no question"),
        ("- {fact: age, question: ' '}\n", "entry 1 has no question"),
        ("- {fact: age, question: a: b}\n", "is not valid YAML at line 1"),
        ("- {fact: age, fact: age, question: old}\n", "says fact twice"),
    ],
)
def test_a_malformed_blind_file_gets_one_sentence(load: Load, tmp_path: Path, blind: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence) as error:
        load(TWO, blind)
    assert str(error.value).startswith(str(tmp_path / "blind.yaml"))
    assert "\n" not in str(error.value)


def test_a_missing_blind_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"There is no facts file .*blind\.yaml"):
        load_profile("package:alex", str(tmp_path / "blind.yaml"))


def test_an_unknown_relation_says_how_it_is_asked_and_what_is_like_it(load: Load) -> None:
    profile = load("user_name: Alex\nshoe_sise: 9\nflux_capacitor: blue\nage: 28\n")
    shoe, flux = notes_on(profile)
    assert shoe.startswith("shoe_sise: no such relation in the catalogue")
    assert "What is my shoe sise?" in shoe
    assert "known and similar: shoe_size" in shoe
    assert flux.startswith("flux_capacitor: ")
    assert "similar" not in flux


def test_a_value_of_another_kind_than_its_relation_has_is_told(load: Load) -> None:
    notes = notes_on(load("user_name: Alex\nbirthday: someday\nshoe_size: big\nage: 28\n"))
    assert [note.split(" as such")[0] for note in notes] == [
        "birthday: 'someday' is no date,",
        "shoe_size: 'big' is no number,",
    ]
    assert all(note.endswith("it is graded as text.") for note in notes)


def test_an_empty_value_is_named_by_its_key(load: Load) -> None:
    with pytest.raises(UserError, match="pet_name has no value: give it one or take the line out"):
        load("user_name: Alex\npet_name:\n")


def test_a_known_profile_has_no_notes() -> None:
    assert notes_on(load_profile("package:alex")) == []


def test_the_seed_is_the_profiles() -> None:
    one, other = load_profile("package:alex", seed=1), load_profile("package:alex", seed=2)
    assert (one.seed, other.seed) == (1, 2)
    assert one.facts == other.facts


def test_facts_are_equal_where_their_files_are(load: Load) -> None:
    text = "user_name: Alex\nage: 28\n"
    first, second = load(text), load(text)
    assert first == second
    assert isinstance(first.facts[0], Fact)
