"""From grids and command-line overrides to the list of overrides of each cell."""

import math
import re
from collections.abc import Mapping
from functools import cache
from itertools import product
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser

from andraeus.errors import UserError
from experiments.schema import STATED, WRITTEN

# Hydra reads tier=1 as a number and then refuses it as the name of a config: it goes in quotes.
_NUMBERED_GROUPS = ("tier",)
# Overrides of these change no result: a study has its experiment's name, and hydra says where cells run.
_SHAPELESS = ("experiment", "hydra", *WRITTEN)
# What a study states as a whole: no cell has its own.
_WHOLE = (*STATED, "processes")
_PLAIN = re.compile(r"[A-Za-z0-9_.+/-]+")


def expand(grids: list[dict[str, Any]], arguments: list[str]) -> tuple[list[dict[str, str]], list[str]]:
    """Expand a study.

    What the command line says wins: its value for a grid's key replaces the grid's values, and its
    further sweeps are axes of every grid. Seeds vary fastest.

    Args:
        grids: Mappings from an override's key to its values; none means the command line alone.
        arguments: Overrides as the user typed them.

    Returns:
        The swept overrides of each cell (key to value, in Hydra's spelling), and the arguments that
        stand for all cells.

    Raises:
        UserError: Something is swept that no cell has a value of its own of, or has no values.
    """
    typed: dict[str, tuple[str, list[str]]] = {}
    fixed: list[str] = []
    for override in OverridesParser.create().parse_overrides(arguments):
        key = override.get_key_element()
        if override.is_sweep_override():
            typed[_name(key)] = key, [_bare(key, value) for value in override.sweep_string_iterator()]
            if not typed[_name(key)][1]:
                raise UserError(f"{override.input_line} is a sweep without values: name at least one.")
        else:
            fixed.append(override.input_line or "")
            typed[_name(key)] = key, []
    cells: list[dict[str, str]] = []
    for grid in grids or [{}]:
        cells.extend(_cells(grid, typed))
    return cells, fixed


def _cells(grid: dict[str, Any], typed: dict[str, tuple[str, list[str]]]) -> list[dict[str, str]]:
    """Return a grid's cells; what was typed stands by its name, with its key as typed and the values of its sweep."""
    axes: dict[str, tuple[str, list[str]]] = {}
    for key, values in grid.items():
        axes[_name(key)] = key, [spell(v) for v in (values if isinstance(values, list) else [values])]
        if not values and _name(key) not in typed:
            raise UserError(f"The study's grid has no values for {key}: give it a list.")
    axes = {name: axis for name, axis in (axes | typed).items() if axis[1]}
    for name in axes:
        if is_shapeless(name) or _group(name) in _WHOLE:
            raise UserError(
                f"{name} is of a study as a whole, so it cannot be swept: give it one value, outside the grids, and "
                "run a command for each."
            )
    if "seed" in axes:
        axes["seed"] = axes.pop("seed")
    keys = [key for key, _ in axes.values()]
    return [dict(zip(keys, values, strict=True)) for values in product(*(values for _, values in axes.values()))]


def is_shapeless(key: str) -> bool:
    """Return whether a group or a knob says but what runs where and what is written where, and changes no result."""
    return _group(key) in _SHAPELESS


def _group(key: str) -> str:
    return re.split(r"[./@]", key)[0]


def _name(key: str) -> str:
    """Return what an override sets, however it does: ``++facts.seed`` sets ``facts.seed``."""
    return key.lstrip("+~")


def spell(value: Any) -> str:
    """Spell a YAML value as Hydra's override grammar reads it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "[" + ",".join(spell(v) for v in value) + "]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{k}:{spell(v)}" for k, v in value.items()) + "}"
    text = str(value)
    if _PLAIN.fullmatch(text):
        return text
    # Inside quotes only a quote needs an escape, and so do backslashes right before one.
    return '"' + re.sub(r'(\\*)("|$)', lambda m: m[1] * 2 + ('\\"' if m[2] else ""), text) + '"'


def as_arguments(cell: dict[str, str]) -> list[str]:
    """Return a cell's swept overrides as Hydra takes them."""
    return [f"{key}='{value}'" if key in _NUMBERED_GROUPS else f"{key}={value}" for key, value in cell.items()]


def decoded(cell: Mapping[str, str]) -> dict[str, Any]:
    """Return a cell's swept overrides with the values that Hydra reads from their spelling.

    ``null`` is ``None``, ``true`` is ``True``, quoted text is the text without its quotes.
    """
    return {_name(key): _read(key, spelled) for key, spelled in cell.items()}


def fixed_choices(arguments: list[str]) -> dict[str, Any]:
    """Return what overrides choose that are no sweeps, by key."""
    overrides = OverridesParser.create().parse_overrides(arguments)
    chosen = [o for o in overrides if not o.is_sweep_override() and not o.is_delete()]
    return {_name(o.get_key_element()): _read(o.get_key_element(), o.get_value_string()) for o in chosen}


def shaping(arguments: list[str]) -> list[str]:
    """Return the overrides that can change a study's results, sorted, in one spelling and order of values."""
    told: dict[str, str] = {}
    for override in OverridesParser.create().parse_overrides(arguments):
        key = override.get_key_element()
        if is_shapeless(override.key_or_group):
            continue
        if override.is_delete():
            told[key] = key
        elif override.is_sweep_override():
            values = sorted(spell(_read(key, v)) for v in override.sweep_string_iterator())
            told[key] = f"{key}={','.join(values)}"
        else:
            told[key] = f"{key}={spell(_read(key, override.get_value_string()))}"
    return sorted(told.values())


@cache
def _read(key: str, spelled: str) -> Any:
    if key in _NUMBERED_GROUPS:
        return spelled.strip("'\"")
    value = OverridesParser.create().parse_override(f"{key}={spelled}").value()
    # JSON has no infinity.
    return spelled if isinstance(value, float) and not math.isfinite(value) else value


def with_quoted_groups(arguments: list[str]) -> list[str]:
    """Return arguments in which config groups with numbers for names are in quotes (``tier=1,2``)."""
    return [_quoted(argument) for argument in arguments]


def _quoted(argument: str) -> str:
    key, equals, values = argument.partition("=")
    if not equals or key not in _NUMBERED_GROUPS:
        return argument
    return f"{key}=" + ",".join(f"'{v}'" if v.strip().isdigit() else v for v in values.split(","))


def _bare(key: str, value: str) -> str:
    return value.strip("'\"") if key in _NUMBERED_GROUPS else value
