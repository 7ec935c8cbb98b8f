"""The part of a config that says nothing about a person.

An allow-list: what is not named here stays on the machine, so a knob that somebody adds tomorrow is
private until it is listed. Numbers and switches of the groups that make up a condition are public,
words only under the keys of :data:`WORD_KEYS` and where a group is given as one word
(``variations: v10``). Names that a user gives (a study, an arm) are public where they are one plain
word. Of an error the name of its class is, of a note the override that it is about; what they say
may name a fact.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from enum import Enum
from numbers import Real
from typing import Any

WITHHELD = "(withheld)"

GROUPS = frozenset(
    {
        "arm",
        "device",
        "generation",
        "lora",
        "model",
        "phrasings",
        "quantization",
        "seed",
        "step",
        "suite",
        "threads",
        "tier",
        "training",
        "variations",
    }
)
# Of the facts only where they come from, how many were drawn, and from which stream.
FACTS_KEYS = ("_target_", "n", "seed")
WORD_KEYS = frozenset(
    {
        "_target_",
        "compute_dtype",
        "dtype",
        "kind",
        "name",
        "optimizer",
        "part",
        "repo",
        "revision",
        "schedule",
        "sha256",
        "target_modules",
        "version",
    }
)
# Dropped with all that is below them, wherever they are.
PRIVATE_KEYS = frozenset(
    {
        "aliases",
        "answers",
        "blind",
        "examples",
        "facts",
        "file",
        "files",
        "folder",
        "items",
        "output",
        "owner",
        "path",
        "paths",
        "person",
        "profile",
        "profiles",
        "prompt",
        "questions",
        "subject",
        "system",
        "token",
        "user",
        "user_name",
        "username",
    }
)
_KEY = re.compile(r"_?[A-Za-z][A-Za-z0-9_]{0,63}_?")
# A name or a hub's owner/name: no blanks, no path that starts at a root, a home or a dot.
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,95}(/[A-Za-z0-9][A-Za-z0-9_.+-]{0,95})?")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,95}")
_ERROR = re.compile(r"([A-Za-z_]\w{0,63}\.){0,5}[A-Za-z_]\w{0,63}(Error|Exception|Interrupt)(?=:|$)")
_NOTE = re.compile(r"(arm|suite|fail_fast)=[A-Za-z0-9][A-Za-z0-9_.+-]{0,95}(?= )")


def public_name(name: str) -> str:
    """Return a name, such as an arm's, where it is one plain word."""
    return name if _NAME.fullmatch(name) else WITHHELD


def public_study(study: str) -> str:
    """Return the name a study is known by outside: its own where it is one plain word, else one made of its hash."""
    known = public_name(study)
    return known if known == study else f"study-{hashlib.sha256(study.encode()).hexdigest()[:8]}"


def public_error(error: str) -> str:
    """Return the class that an error's text begins with; its message may name a fact."""
    kind = _ERROR.match(error)
    return kind[0] if kind else WITHHELD


def public_note(note: str) -> str:
    """Return the override that a note begins with; what it says of it may name a fact."""
    about = _NOTE.match(note)
    return f"{about[0]} {WITHHELD}" if about else WITHHELD


def public_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """Take out of a resolved config whatever may be personal.

    Args:
        config: Plain containers, as ``OmegaConf.to_container`` makes them.

    Returns:
        A new mapping; a value whose key is public and whose text may not be is ``(withheld)``.
    """
    public: dict[str, Any] = {}
    for group, value in config.items():
        if group == "facts" and isinstance(value, Mapping):
            public[group] = _public({key: value[key] for key in FACTS_KEYS if key in value}, words=False)
        elif group in GROUPS:
            public[group] = _public(value, words=True)
    return public


def public_condition(condition: Mapping[str, Any]) -> dict[str, Any]:
    """Take out of a condition, a mapping of overrides such as ``training.epochs``, what may be personal.

    Every key that names a group stays, because it tells rows apart; its value may be withheld.
    """
    public: dict[str, Any] = {}
    for dotted, value in condition.items():
        group, *rest = str(dotted).split(".")
        read = nested = _read(value)
        for key in reversed(rest):
            nested = {key: nested}
        kept: Any = public_config({group: nested}).get(group)
        for key in rest:
            kept = kept.get(key) if isinstance(kept, Mapping) else None
        if group in GROUPS or group == "facts":
            withheld = kept is None and value is not None
            public[str(dotted)] = WITHHELD if withheld else value if kept is read else kept
    return public


def _read(value: Any) -> Any:
    """Return the number or switch that the text of an override means, or the text."""
    if not isinstance(value, str):
        return value
    try:
        return float(value)
    except ValueError:
        return {"true": True, "false": False}.get(value.lower(), value)


def _public(value: Any, words: bool) -> Any:
    if isinstance(value, Enum):
        value = value.name
    if _is_plain(value):
        return value
    if isinstance(value, str):
        return value if words and _WORD.fullmatch(value) else WITHHELD
    if isinstance(value, Mapping):
        return {
            key: _public(below, words=key in WORD_KEYS)
            for key, below in value.items()
            if isinstance(key, str) and _KEY.fullmatch(key) and key not in PRIVATE_KEYS
        }
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return [_public(below, words) for below in value]
    return WITHHELD


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, Real)
