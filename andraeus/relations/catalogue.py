"""Looking up the relation that a key in somebody's file means."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import cast

from andraeus.data import read_data, read_merged
from andraeus.relations.fallback import is_possession, unknown_relation
from andraeus.relations.relation import Pronoun, Relation

_SPELLING = {
    "favourite": "favorite", "fav": "favorite", "fave": "favorite", "colour": "color", "flavour": "flavor",
    "license": "licence", "organization": "organisation", "neighbour": "neighbor",
}  # fmt: skip
_FILLERS = ("my", "user", "the", "our", "current", "persons")


@dataclass(frozen=True)
class Meaning:
    """What a key means: a relation and, where the key names one, its subject ("sister" in sister_job)."""

    relation: Relation
    subject: str | None


@dataclass(frozen=True)
class _Nouns:
    group: dict[str, str]
    pronoun: dict[str, Pronoun]
    also: dict[str, tuple[str, ...]]
    qualifiers: frozenset[str]


@cache
def catalogue() -> Mapping[str, Relation]:
    """Return all relations by name."""
    entries = read_merged("andraeus.relations", "catalogue")
    return {name: Relation(name=name, **entry) for name, entry in entries.items()}


@cache
def _keys() -> dict[str, str]:
    """Return the relation that each key and synonym means; a relation's own name wins over a synonym."""
    keys = {normal_key(s): r.name for r in catalogue().values() for s in reversed(r.synonyms)}
    return keys | {normal_key(name): name for name in catalogue()}


@cache
def _nouns() -> _Nouns:
    content = read_data("andraeus.relations", "nouns")
    entries = {(g, n): e for g in ("relative", "pet") for n, e in content[g].items()}
    return _Nouns(
        group={n: g for g, n in entries},
        pronoun={n: cast(Pronoun, e["pronoun"]) for (_, n), e in entries.items()},
        also={n: tuple(e.get("also", ())) for (_, n), e in entries.items()},
        qualifiers=frozenset(content["qualifiers"]),
    )


def normal_key(key: str) -> str:
    """Bring a key to the form that is looked up: ``"My Cat's name"`` becomes ``cats_name``."""
    words = re.sub(r"[^a-z0-9]+", " ", key.lower().replace("'", "").replace("’", "")).split()
    while len(words) > 1 and words[0] in _FILLERS:
        words.pop(0)
    return "_".join(_SPELLING.get(word, word) for word in words)


def find(key: str, subject: str | None = None) -> Meaning:
    """Find the relation that a key means.

    The order is: a relation's name, a synonym, a noun with a relation (``sister_job``,
    ``older_brothers_birthday``, ``dog_name``), and last a relation made up from the key, which is
    asked by its own words and has ``known`` set to False.

    Args:
        key: As somebody wrote it.
        subject: The subject written beside it, if any. With a subject, ``name`` means ``pet_name``
            for a cat and ``relative_name`` for a sister.
    """
    name = normal_key(key)
    keys = _keys()
    if subject is not None:
        group = _nouns().group.get(head_noun(subject))
        # sibling_name of the older brother: what stands before the relation repeats the subject.
        tail = name.split("_", 1)[-1]
        for candidate in (f"{group}_{name}", name, f"relative_{name}", f"{group}_{tail}"):
            if candidate in keys and catalogue()[keys[candidate]].subject is not None:
                return Meaning(catalogue()[keys[candidate]], subject)
        return Meaning(unknown_relation(name.replace("_", " "), subject), subject)
    if name in keys:
        return Meaning(catalogue()[keys[name]], None)
    for candidate in _orders(name):
        if (found := _noun_and_relation(candidate)) is not None:
            return found
    subject, rest = _possessor(name if name.startswith("number_of_") else _orders(name)[-1])
    return Meaning(unknown_relation(rest.replace("_", " "), subject), subject)


def _possessor(name: str) -> tuple[str | None, str]:
    """Split ``sons_favorite_toy`` into the son and what is his; in another key nobody possesses anything.

    ``friends_list`` is a list: what is possessed must be of a kind (`andraeus.relations.fallback`) that a person has.
    """
    whose, _, rest = name.partition("_")
    owner = whose.removesuffix("s")
    possessed = owner != whose and owner in _nouns().group and not rest.startswith("in_law")
    return (owner, rest) if possessed and is_possession(rest.replace("_", " ")) else (None, name)


def _orders(name: str) -> list[str]:
    """Return the key, and for ``name_of_dog`` also ``dog_name``."""
    first, of, rest = name.partition("_of_")
    return [name, f"{rest.removeprefix('my_').removeprefix('the_')}_{first}"] if of else [name]


def _noun_and_relation(name: str) -> Meaning | None:
    """Split ``older_sisters_job`` into a subject and a relation about it."""
    words = name.split("_")
    for cut in range(len(words), 0, -1):
        subject = " ".join(words[:cut])
        for spelled in (subject, subject.removesuffix("s")):
            head = head_noun(spelled)
            group = _nouns().group.get(head)
            rest = spelled.removesuffix(head).split() if head else ["?"]
            if group is None or any(word not in _nouns().qualifiers for word in rest):
                continue
            # A noun alone is its name: `wife: Anna`, `older_sister: Emma`.
            relation = _keys().get(f"{group}_{'_'.join(words[cut:]) or 'name'}")
            if relation is not None:
                return Meaning(catalogue()[relation], spelled)
    return None


def head_noun(subject: str) -> str:
    """Return the listed noun that a subject's words hold ("sister" for "older sister", "friend Priya").

    The noun at the end wins over one at the beginning; an unlisted subject gives an empty string.
    """
    words = subject.lower().split()
    nouns = _nouns().group
    for start in range(len(words)):
        if (tail := " ".join(words[start:])) in nouns:
            return tail
    for end in range(len(words), 0, -1):
        if (opening := " ".join(words[:end])) in nouns:
            return opening
    return ""


def pronoun_of(subject: str | None) -> Pronoun:
    """Return the pronoun for a subject: listed nouns have theirs, any other subject is "they"."""
    return _nouns().pronoun.get(head_noun(subject or ""), "they")


def subject_words(subject: str) -> tuple[str, ...]:
    """Return a subject and the other words people use for it ("mother": "mum", "mom")."""
    head = head_noun(subject)
    if not head or not subject.lower().endswith(head):
        return (subject,)
    return (subject, *(subject[: len(subject) - len(head)] + other for other in _nouns().also[head]))


def closest(key: str) -> list[str]:
    """Return up to three known keys that look like an unknown one."""
    from rapidfuzz import fuzz, process

    # The plain ratio: others find "tea" in "hockey_team".
    found = process.extract(normal_key(key), list(_keys()), scorer=fuzz.ratio, limit=3, score_cutoff=75)
    return [match for match, _, _ in found]
