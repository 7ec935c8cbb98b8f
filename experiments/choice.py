"""Choosing stored cells in the words in which they were asked for: ``arm=finetune lora=r4,r16 seed=0``."""

import datetime
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from andraeus.errors import UserError
from experiments.grid import decoded
from experiments.record import Record
from experiments.schema import ADAPTING
from experiments.store import UNREADABLE, Stored

CONF = Path(__file__).resolve().parents[1] / "conf"
# Chosen by what the record says; every other key is one of the cell's configuration.
_NAMED = ("arm", "suite", "model")
_OF_THE_RECORD = ("cell", "status", *_NAMED, "seed", "profile", "since")
_STATUS = ("started", "success", "failed", UNREADABLE)
_AGO = re.compile(r"(\d+)([dhm])")
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}


def choose(cells: Iterable[Stored], words: Sequence[str]) -> list[Stored]:
    """Return the cells that fit all words.

    Args:
        cells: Cells of a store; of those whose answers were looked at (`Store.whole`), ``status`` knows these too.
        words: ``key=value``; several values, with commas, are alternatives. A key is one of

            - ``cell`` (the beginning of its hash), ``status`` (started, success, failed, unreadable), ``arm``,
              ``suite``, ``seed``, ``model``, ``profile`` (the beginning of its hash);
            - ``since``: a day, a time (``2026-01-31T18:00``), or how long ago (``7d``, ``12h``, ``30m``);
            - ``study``: whatever that study's summary lists, whichever study ran it first;
            - a group (``lora=r16``), which every cell fits that was run with that file, whatever single knobs were
              changed then; or a knob (``lora.r=16``, ``training.steps=100``, ``step=null``). What shapes adapters
              alone fits no cell without one.

    Raises:
        UserError: A word is none, or names a file, a knob or a study's summary that does not exist.
    """
    everything = chosen = list(cells)
    for word in words:
        key, equals, values = word.partition("=")
        if not equals or not key:
            raise UserError(f"{word} chooses no cells: write key=value, such as arm=finetune or lora=r16.")
        if key == "study":
            listed = _listed(everything, values.split(","))
            chosen = [cell for cell in chosen if cell.identity in listed]
            continue
        if everything:
            _check(everything, key, values)
        if key == "status" and (wrong := set(values.split(",")) - set(_STATUS)):
            raise UserError(f"status={','.join(sorted(wrong))} is none: choose among {', '.join(_STATUS)}.")
        chosen = [cell for cell in chosen if _fits(cell, key, values)]
    return chosen


def file_of(record: Record, group: str) -> str | None:
    """Return the file of a group that a cell was run with.

    A record of before files were noted names the first one whose values it has; ``None`` where there is no such.
    """
    if (noted := _noted(record, group)) is not None:
        return noted
    node = config_of(record).get(group)
    if not isinstance(node, Mapping):
        return None
    return next((name for name, values in _files(group).items() if _has(node, values)), None)


def differs_from_file(record: Record, group: str) -> bool:
    """Return whether knobs of a group were changed, by hand or by a study, from what its file says."""
    node, name = config_of(record).get(group), file_of(record, group)
    return isinstance(node, Mapping) and name in _files(group) and not _has(node, _files(group)[name])


def _noted(record: Record, group: str) -> str | None:
    choices = record.provenance.get("choices")
    return choices.get(group) if isinstance(choices, Mapping) else None


def config_of(record: Record) -> Mapping[str, Any]:
    """Return the resolved configuration under which a cell was run."""
    config = record.provenance.get("config")
    return config if isinstance(config, Mapping) else {}


def shapes_adapters(key: str) -> bool:
    """Return whether a group or a knob says nothing of a cell without an adapter."""
    return not {key, key.partition(".")[0]}.isdisjoint(ADAPTING)


def _listed(cells: Iterable[Stored], studies: Iterable[str]) -> set[str]:
    """Return the cells that studies' summaries list: a record knows only the study that ran it first."""
    told = (_at(config_of(cell.record), "paths.results") for cell in cells if cell.record is not None)
    folders = sorted({"results", *(str(folder) for folder in told if folder is not _MISSING)})
    found: set[str] = set()
    for study in studies:
        files = [path for folder in folders if (path := Path(folder).expanduser() / study / "summary.json").is_file()]
        if not files:
            raise UserError(
                f"There is no summary of study={study} in {', '.join(folders)}: run that study here (what is in the "
                "store is not run again), or choose its cells by arm=, lora= and the like."
            )
        for file in files:
            try:
                found |= {cell["identity"] for cell in json.loads(file.read_text(encoding="utf-8"))["cells"]}
            except (OSError, ValueError, KeyError, TypeError) as error:
                raise UserError(f"{file} cannot be read or is damaged: run that study again.") from error
    return found


def _check(cells: Iterable[Stored], key: str, values: str) -> None:
    """Refuse a knob that no cell has, and a name that neither a file nor a cell has."""
    records = [cell.record for cell in cells if cell.record is not None]
    if key in _NAMED:
        used = {_told(record, key) for record in records}
    elif key in _OF_THE_RECORD:
        return
    else:
        found = [node for record in records if (node := _at(config_of(record), key)) is not _MISSING]
        if not found:
            raise UserError(f"{key} is no knob of any cell here: andraeus --cfg job shows the knobs.")
        if not any(isinstance(node, Mapping) for node in found):
            return
        used = {_noted(record, key) for record in records}
    # A file that was removed since can still be asked for.
    names = {*_files(key), *(name for name in used if name is not None)}
    for value in _alternatives(values):
        if value not in names:
            raise UserError(f"There is no {key}={value}: choose among {', '.join(sorted(names)) or 'its knobs'}.")


def _fits(cell: Stored, key: str, values: str) -> bool:
    if key == "cell":
        return cell.identity.startswith(tuple(values.split(",")))
    if key == "status":
        return cell.status in values.split(",")
    if (record := cell.record) is None:
        return False
    if key == "since":
        return (record.finished or record.started) >= _moment(values)
    if key == "profile":
        return record.profile.startswith(tuple(values.split(",")))
    if key in _OF_THE_RECORD:
        return _told(record, key) in values.split(",")
    if record.adapter is None and shapes_adapters(key):
        return False
    return any(_equals(record, key, value) for value in _alternatives(values))


def _told(record: Record, key: str) -> str | None:
    """Return what a record says of its arm, suite, model or seed."""
    if key == "seed":
        return "null" if record.seed is None else str(record.seed)
    told: str | None = model_of(record) if key == "model" else getattr(record, key)
    return told


def model_of(record: Record) -> str | None:
    """Return the name of the base that a cell was run on."""
    model = record.provenance.get("model")
    name = model.get("name") if isinstance(model, Mapping) else None
    return None if name is None else str(name)


def _equals(record: Record, key: str, value: str) -> bool:
    found = _at(config_of(record), key)
    if not isinstance(found, Mapping):
        return found is not _MISSING and bool(found == _read(key, value))
    if (noted := _noted(record, key)) is not None:
        return noted == value
    return value in _files(key) and _has(found, _files(key)[value])


def _read(key: str, value: str) -> Any:
    from hydra.errors import HydraException

    try:
        return decoded({key: value})[key]
    except HydraException as error:
        raise UserError(f"{key}={value} cannot be read: {str(error).splitlines()[0]}.") from error


def _alternatives(values: str) -> list[str]:
    """Split at commas outside brackets."""
    return re.split(r",(?![^\[{]*[\]}])", values)


_MISSING = object()


def _at(config: Mapping[str, Any], key: str) -> Any:
    found: Any = config
    for part in key.split("."):
        if not isinstance(found, Mapping) or part not in found:
            return _MISSING
        found = found[part]
    return found


def _has(node: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    """Return whether a configuration has all values of a file; what the file leaves open fits anything."""
    for key, value in values.items():
        found = node.get(key, _MISSING)
        if isinstance(value, Mapping) and isinstance(found, Mapping):
            if not _has(found, value):
                return False
        elif not (isinstance(value, str) and ("${" in value or value == "???")) and found != value:
            return False
    return True


@cache
def _files(group: str) -> dict[str, dict[str, Any]]:
    """Return the values of a group's files, by name."""
    folder = CONF / group
    return {path.stem: _values(path) for path in sorted(folder.glob("*.yaml"))} if folder.is_dir() else {}


def _values(path: Path) -> dict[str, Any]:
    """Return what a file sets, over what the files of its group set that it builds on."""
    from omegaconf import OmegaConf

    own: Any = OmegaConf.to_container(OmegaConf.load(path))
    values: dict[str, Any] = {}
    for base in own.pop("defaults", []):
        if isinstance(base, str) and base != "_self_":
            values |= _values(path.with_name(f"{base}.yaml"))
    values |= own
    return values


def _moment(text: str) -> datetime.datetime:
    try:
        if ago := _AGO.fullmatch(text):
            return datetime.datetime.now(datetime.UTC) - datetime.timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        return datetime.datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError) as error:
        raise UserError(f"since={text} is no time: write 2026-01-31, 2026-01-31T18:00, 7d, 12h or 30m.") from error
