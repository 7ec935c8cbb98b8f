"""Reading a profile from YAML: the documented form, or a flat ``key: value`` mapping."""

import datetime
import re
from collections.abc import Iterable
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from andraeus.errors import UserError
from andraeus.facts.answers import TYPED, answer_type
from andraeus.facts.fact import BlindQuestion, Composition, Fact, Profile
from andraeus.relations.catalogue import Meaning, closest, find, pronoun_of
from andraeus.relations.fallback import unknown_relation
from andraeus.relations.relation import FAMILIES, AnswerType, WrittenFamily, fill

_Text = Annotated[str, Field(min_length=1)]
_OWNER_KEYS = ("user_name", "name", "my_name", "first_name")
_SPECIES_KEYS = ("pet_type", "pet_species", "type_of_pet", "pet_kind")


class _Answered(BaseModel):
    """What has a right answer."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, coerce_numbers_to_str=True)

    value: _Text
    aliases: tuple[_Text, ...] = ()
    answer: AnswerType | None = None

    @field_validator("value", mode="before")
    @classmethod
    def _plain(cls, value: object) -> object:
        return _as_text(value)

    @field_validator("aliases", mode="before")
    @classmethod
    def _plain_aliases(cls, value: object) -> object:
        return [_word(v) for v in value] if isinstance(value, list) else value


class _Entry(_Answered):
    """One fact as written."""

    relation: str = Field(min_length=1, pattern="[A-Za-z0-9]")
    subject: _Text | None = None
    id: _Text | None = None
    tier: Literal[1, 2, 3] | None = None
    questions: dict[WrittenFamily, tuple[_Text, ...]] = {}

    @field_validator("questions", mode="before")
    @classmethod
    def _by_family(cls, value: object) -> object:
        return {"direct": value} if isinstance(value, list) else value


class _CompositionEntry(_Answered):
    id: _Text
    questions: tuple[_Text, ...] = Field(min_length=1)
    components: tuple[str, ...] = Field(min_length=2)


class _ProfileFile(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    name: _Text
    pronoun: Literal["he", "she", "they"] = "they"
    facts: list[_Entry] = Field(min_length=1)
    compositions: list[_CompositionEntry] = []
    distractors: tuple[str, ...] = ()


class _RepeatedKeyError(yaml.MarkedYAMLError):
    """One mapping says the same key twice."""


class _AsWritten(yaml.SafeLoader):
    """Reads scalars as they are written, but for whole numbers, yes/no and null.

    YAML 1.1 itself makes 405 of ``6:45``, 266 of ``0412`` and 1.8 of ``1.80``; and of a key that
    stands twice it keeps the last without a word.
    """

    yaml_implicit_resolvers = {}  # noqa: RUF012 - filled below, as PyYAML's own classes are

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen: list[Any] = []
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise _RepeatedKeyError(problem=str(key), problem_mark=key_node.start_mark)
            seen.append(key)
        return super().construct_mapping(node, deep)


for _tag, _pattern, _first in (
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("bool", r"^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE)$", list("yYnNtTfF")),
    ("int", r"^(?:0|[1-9][0-9]*)$", list("0123456789")),
):
    _AsWritten.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), _first)


def load_profile(path: str, blind: str | None = None, seed: int = 0) -> Profile:
    """Read a person's facts.

    Args:
        path: A YAML file; ``package:alex`` names a profile that is shipped.
        blind: A YAML list of ``{fact, question}`` that are set aside from training, or ``None``.
        seed: Stream for what is random about the profile's questions (typos).

    Raises:
        UserError: The file is missing, is no YAML, lacks something, or contradicts itself.
    """
    content = _read(path)
    written = _parse(content, path)
    facts = [_fact(entry) for entry in written.facts]
    _check_facts(facts, path)
    compositions = tuple(_composition(entry) for entry in written.compositions)
    _check_compositions(facts, compositions, path)
    questions = read_blind(blind, facts, compositions) if blind else ()
    return Profile(
        name=written.name,
        pronoun=written.pronoun,
        facts=tuple(facts),
        compositions=compositions,
        distractors=written.distractors,
        blind=questions,
        seed=seed,
    )


def read_blind(path: str, facts: Iterable[Fact], compositions: Iterable[Composition]) -> tuple[BlindQuestion, ...]:
    """Read questions about a profile's facts that are set aside from training.

    Args:
        path: A YAML list of ``{fact, question}``; ``package:alex.blind`` names a shipped one.
        facts: The profile's facts.
        compositions: The profile's compositions, which have questions of their own.

    Raises:
        UserError: The file is no such list, or asks for something that is no fact of the profile.
    """
    content = _read(path)
    if not isinstance(content, list) or not content:
        raise UserError(f"{path} holds no questions: write a list of `- {{fact: ID, question: …}}`.")
    ids, composed = {f.id for f in facts}, {c.id for c in compositions}
    questions = []
    for number, entry in enumerate(content, 1):
        if not isinstance(entry, dict) or set(entry) != {"fact", "question"}:
            raise UserError(f"{path}: entry {number} is not `{{fact: ID, question: …}}`.")
        asked = str(entry["fact"])
        if asked in composed:
            raise UserError(
                f"{path}: entry {number} asks for {asked}, which is a composition: blind questions are about single "
                "facts; write it under the composition's own `questions:`."
            )
        if asked not in ids:
            raise UserError(
                f"{path}: entry {number} asks for {asked}, which the profile does not have; its facts are "
                f"{', '.join(sorted(ids))}."
            )
        if not isinstance(entry["question"], str) or not entry["question"].strip():
            raise UserError(f"{path}: entry {number} has no question.")
        questions.append(BlindQuestion(asked, entry["question"].strip()))
    return tuple(questions)


def notes_on(profile: Profile) -> list[str]:
    """Return one sentence for each fact whose relation the catalogue does not know, or expects another value of."""
    notes, odd = [], []
    for fact in profile.facts:
        if fact.relation.known and fact.answer != fact.relation.answer and fact.relation.answer in TYPED:
            odd.append(
                f"{fact.id}: {fact.value!r} is no {fact.relation.answer.replace('_', '/')}, as such a relation has, so "
                f"it is graded as {fact.answer}."
            )
        if not fact.relation.known:
            like = ", ".join(closest(fact.relation.name))
            notes.append(
                f"{fact.id}: no such relation in the catalogue, so it is asked by its words "
                f'("{_plainest(fact)}")' + (f"; known and similar: {like}." if like else ".")
            )
    return [*odd, *notes]


def _plainest(fact: Fact) -> str:
    """Return the plainest question about a fact."""
    template = fact.relation.questions["direct"][0]
    return fill(template, owner="", subject=fact.subject, pronoun=pronoun_of(fact.subject))


def _read(path: str) -> Any:
    if path.startswith("package:"):
        file = resources.files("andraeus.facts") / "profiles" / f"{path.removeprefix('package:')}.yaml"
    else:
        file = Path(path).expanduser()
    if not file.is_file():
        raise UserError(f"There is no facts file {path}: give the path of a YAML file.")
    try:
        return yaml.load(file.read_text(encoding="utf-8"), Loader=_AsWritten)
    except _RepeatedKeyError as error:
        line = f" (the second at line {error.problem_mark.line + 1})" if error.problem_mark else ""
        raise UserError(f"{path} says {error.problem} twice{line}: keep one.") from error
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        line = f" at line {where.line + 1}" if where else ""
        raise UserError(
            f"{path} is not valid YAML{line}: mend it (values with ': ', '#' or '?' need quotes)."
        ) from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 text: save it as UTF-8.") from error
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.") from error


def _parse(content: Any, path: str) -> _ProfileFile:
    if not isinstance(content, dict) or not content:
        raise UserError(f"{path} holds no facts: write `name:` and a list `facts:`, or lines of `key: value`.")
    if "facts" not in content:
        content = _from_flat(content, path)
    try:
        return _ProfileFile.model_validate(content)
    except ValidationError as error:
        raise UserError(f"{path}: {_first_problem(error)}") from error


def _first_problem(error: ValidationError) -> str:
    """Put all problems of a file in one sentence, each with its place."""
    parts = []
    for problem in error.errors()[:5]:
        place = ".".join(str(p + 1) if isinstance(p, int) else str(p) for p in problem["loc"])
        parts.append(f"{place}: {problem['msg'][:1].lower()}{problem['msg'][1:]}")
    more = len(error.errors()) - len(parts)
    return "; ".join(parts) + (f"; and {more} more." if more > 0 else ".")


def _from_flat(content: dict[Any, Any], path: str) -> dict[str, Any]:
    """Turn ``user_name: Alex`` / ``pet_name: Max`` lines into the documented form."""
    nested = [key for key, value in content.items() if isinstance(value, dict) or _holds_more_than_words(value)]
    if nested:
        raise UserError(
            f"{path}: {nested[0]} holds more than a value; in a flat file every line is `key: value` "
            "(facts written out stand in a list `facts:`)."
        )
    owner = next((key for key in _OWNER_KEYS if key in content), None)
    if owner is None:
        raise UserError(f"{path} does not say whose facts these are: add a line `user_name: …`.")
    name = str(content[owner] or "").strip()
    if not name or isinstance(content[owner], list):
        raise UserError(f"{path} does not say whose facts these are: write one name behind `{owner}:`.")
    species = next((content[key] for key in _SPECIES_KEYS if key in content), None)
    pronoun = content.get("pronoun", "they")
    facts: list[dict[str, Any]] = []
    for key, value in content.items():
        key = str(key)
        if key in ("pronoun", "distractors"):
            continue
        relation = "first_name" if key == owner and " " not in name else "full_name" if key == owner else key
        entry: dict[str, Any] = {"relation": relation, "id": key}
        if isinstance(value, list):
            if not value:
                raise UserError(f"{path}: {key} is an empty list: give it a value or take the line out.")
            value = ", ".join(str(_word(v)) for v in value)
        if key.startswith("pet_") and key not in _SPECIES_KEYS and isinstance(species, str):
            # "pet_type: cat" says what all the other pet_… lines are about.
            entry["subject"] = species
        if value is None or (isinstance(value, str) and not value.strip()):
            raise UserError(f"{path}: {key} has no value: give it one or take the line out.")
        facts.append(entry | {"value": value})
    distractors = content.get("distractors", [])
    return {"name": name.split()[0], "pronoun": pronoun, "facts": facts, "distractors": distractors}


def _holds_more_than_words(value: object) -> bool:
    return isinstance(value, list) and any(v is None or isinstance(v, (list, dict)) for v in value)


def _word(value: object) -> object:
    """Undo YAML's reading of ``yes`` and ``no`` as truth values."""
    return ("yes" if value else "no") if isinstance(value, bool) else value


def _as_text(value: object) -> object:
    """Return a value as words: ``yes`` is one, and ``1997-03-15`` is written out.

    Raises:
        ValueError: A date that no calendar has.
    """
    if isinstance(value, str) and (parts := re.fullmatch(r"(\d{4})-(\d\d?)-(\d\d?)", value.strip())):
        day = datetime.date(*map(int, parts.groups()))
        return f"{day.day} {day:%B %Y}"
    return _word(value)


def _fact(entry: _Entry) -> Fact:
    meaning: Meaning = find(entry.relation, entry.subject)
    relation = meaning.relation
    subject = entry.subject or meaning.subject or relation.subject
    named = entry.relation if entry.subject is None else f"{entry.relation}.{_slug(entry.subject)}"
    answer = entry.answer or answer_type(relation, entry.value)
    if not relation.known and answer == "yes_no":
        relation = unknown_relation(relation.noun, subject, yes_no=True)
    return Fact(
        id=entry.id or named,
        relation=relation,
        subject=subject,
        value=entry.value,
        aliases=entry.aliases,
        answer=answer,
        tier=entry.tier or relation.tier,
        questions={f: entry.questions[f] for f in FAMILIES if f != "typo" and entry.questions.get(f)},
    )


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")


def _composition(entry: _CompositionEntry) -> Composition:
    return Composition(
        id=entry.id,
        questions=entry.questions,
        value=entry.value,
        answer=entry.answer or answer_type(None, entry.value),
        components=entry.components,
        aliases=entry.aliases,
    )


def _check_facts(facts: list[Fact], path: str) -> None:
    _no_duplicates((f.id for f in facts), path)
    seen: dict[tuple[str, str | None], Fact] = {}
    for fact in facts:
        key = (fact.relation.name, fact.subject.lower() if fact.subject else None)
        if (other := seen.get(key)) is not None:
            verb = "repeats" if other.value.casefold() == fact.value.casefold() else "contradicts"
            raise UserError(
                f"{path}: {fact.id} ({fact.value}) {verb} {other.id} ({other.value}): both say what the same thing is; "
                "keep one, or give each its own subject (such as `subject: older sister`)."
            )
        seen[key] = fact


def _check_compositions(facts: list[Fact], compositions: Iterable[Composition], path: str) -> None:
    _no_duplicates([f.id for f in facts] + [c.id for c in compositions], path)
    ids = {f.id for f in facts}
    for composition in compositions:
        if missing := [c for c in composition.components if c not in ids]:
            raise UserError(f"{path}: composition {composition.id} needs {', '.join(missing)}, which is no fact here.")


def _no_duplicates(ids: Iterable[str], path: str) -> None:
    seen: set[str] = set()
    for fact_id in ids:
        if fact_id in seen:
            raise UserError(f"{path}: two entries have the id {fact_id}: rename one.")
        seen.add(fact_id)
