"""Where a study's results come from, as the records of its cells tell it."""

import datetime
import json
import shlex
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from omegaconf import OmegaConf
from pydantic import ValidationError

from andraeus.hashing import canonical_json
from experiments import provenance
from experiments.choice import shapes_adapters
from experiments.frames import flat
from experiments.record import Provenance, Record, Unreadable
from experiments.store import Store

if TYPE_CHECKING:
    from experiments.sweep import Planned, Study


# Groups whose knobs a reader has to know to do the study again.
CONDITIONS = ("quantization", "tier", "variations", "phrasings", "chat", "lora", "training", "generation")


def origin(study: "Study", records: Iterable[Record | None]) -> dict[str, Any]:
    """Collect what made a study's cells and their adapters, whenever and wherever they ran.

    Where cells differ, all that was found is told: cells from the store must not pass for those of
    today's commit or machine. What graded and summarised them has an entry of its own.
    """
    done = [r for r in records if r is not None and r.status != "started"]
    store = Store(study.config.paths.store)
    adapters = sorted({r.adapter for r in done if r.adapter is not None})
    told = [r.provenance for r in done] + [made for a in adapters if (made := _of_adapter(store, a)) is not None]
    models = {json.dumps(p["model"], sort_keys=True): p["model"] for p in told}
    return {
        "command": shlex.join(["andraeus", *sys.argv[1:]]),
        "commit": _joined(p["commit"] for p in told),
        "dirty": _any_dirty([p["dirty"] for p in told]),
        "model": _joined(m["name"] for m in models.values()),
        "model_origin": _joined(m["origin"] for m in models.values()),
        "models": [models[key] for key in sorted(models)],
        "hardware": _joined(_machine(p["hardware"]) for p in told),
        "device": _joined(p["device"] for p in told),
        "versions": _versions([p["versions"] for p in told]),
        "date": _dates(done),
        "threads": _joined(p["threads"] for p in told),
        "held": _held(study.cells.values()),
        "profiles": sorted({_person(planned) for planned in study.cells.values()}),
        "summarised": {**provenance.code(), "date": datetime.datetime.now(datetime.UTC).date().isoformat()},
    }


def _held(cells: "Iterable[Planned]") -> dict[str, dict[str, Any]]:
    """Return, by group, the knobs that are the same in all cells to which they mean something.

    As this study asks for them: a cell's record has those of the study that ran it first.
    """
    values: dict[str, dict[str, Any]] = {}
    for planned in cells:
        config = OmegaConf.to_container(planned.cell.config, resolve=True, enum_to_str=True)
        assert isinstance(config, dict)
        for group in CONDITIONS:
            if not planned.cell.arm.trained and shapes_adapters(group):
                continue
            for key, value in flat(config.get(group) or {}, f"{group}."):
                values.setdefault(key, {})[canonical_json(value)] = value
    held: dict[str, dict[str, Any]] = {}
    for key, found in values.items():
        (value, *others), (group, _, knob) = found.values(), key.partition(".")
        if not others and value is not None:
            held.setdefault(group, {})[knob] = value
    return held


def _of_adapter(store: Store, identity: str) -> dict[str, Any] | None:
    """Return what an adapter's notes say; ``None`` if a process died before it wrote them, or they are damaged."""
    try:
        notes = store.notes(identity)
        if notes is not None:
            Provenance.model_validate(notes["provenance"])
    except Unreadable as error:
        # No number comes from them.
        print(f"Note: {error}")
        return None
    except ValidationError:
        print(f"Note: the notes of adapter {identity} do not say where it was made.")
        return None
    return None if notes is None else notes["provenance"]


def _joined(values: Iterable[Any]) -> str | None:
    found = sorted({str(value) for value in values if value is not None})
    return "; ".join(found) or None


def _any_dirty(flags: list[bool | None]) -> bool | None:
    """Return whether any had uncommitted changes; ``None`` if that is not known of all."""
    if any(flags):
        return True
    return None if None in flags or not flags else False


def _machine(hardware: dict[str, Any]) -> str:
    return f"{hardware['cpu']}, {hardware['cores']} cores, {hardware['memory_gib']} GiB"


def _versions(found: list[dict[str, str]]) -> dict[str, str | None]:
    names = dict.fromkeys(name for versions in found for name in versions)
    return {name: _joined(versions.get(name) for versions in found) for name in names}


def _dates(records: list[Record]) -> str | None:
    days = sorted({(r.finished or r.started).astimezone(datetime.UTC).date().isoformat() for r in records})
    return " to ".join(dict.fromkeys([days[0], days[-1]])) if days else None


def _person(planned: "Planned") -> str:
    """Name a profile by where its config says it comes from, with the hash of its content."""
    facts = planned.cell.config.facts
    name = facts.get("path") or f"synthetic, {facts.get('n')} facts, facts.seed {facts.get('seed')}"
    return f"{name} ({planned.cell.profile.content})"
