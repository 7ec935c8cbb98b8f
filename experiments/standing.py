"""Which cells of a study stand in the store, and what became of those that should."""

from collections.abc import Iterable
from typing import Any

from andraeus.errors import UserError
from experiments.record import Unreadable
from experiments.store import Store


def to_run(store: Store, identities: Iterable[str]) -> list[str]:
    """Return the cells that do not stand as a success.

    Raises:
        UserError: All that cannot be read of these, together; other damage in the store is not looked at.
    """
    missing, problems = looked_at(store, identities)
    if problems:
        raise UserError("\n  ".join(["this study needs what cannot be read:", *problems.values()]))
    return missing


def looked_at(store: Store, identities: Iterable[str]) -> tuple[list[str], dict[str, str]]:
    """Return the cells that do not stand as a success, and what is wrong with those that cannot be read."""
    missing, problems = [], {}
    for identity in identities:
        try:
            missing += [] if _stands(store, identity) else [identity]
        except Unreadable as error:
            problems[identity] = str(error)
    return missing, problems


def lost(store: Store, identities: Iterable[str]) -> dict[str, str]:
    """Return what became of cells that should stand and do not: somebody removed, damaged or changed something."""
    found = {}
    for identity in identities:
        try:
            if not _stands(store, identity):
                found[identity] = (
                    f"{store.cell(identity)} does not stand: it was removed while the sweep ran, or what it is made "
                    "from (a facts file, a model) was changed, which gives another cell; run the same command again."
                )
        except Unreadable as error:
            found[identity] = str(error)
    return found


def made(store: Store, identities: Iterable[str]) -> dict[str, dict[str, Any] | None]:
    """Return the config under which each cell was run; ``None`` for one that does not stand as a success."""
    records = {identity: store.look(identity).record for identity in identities}
    return {identity: record.made if record is not None else None for identity, record in records.items()}


def _stands(store: Store, identity: str) -> bool:
    """Return whether a cell is a success whose answers are there.

    Raises:
        Unreadable: It stands in the store and cannot be read.
    """
    record = store.record(identity)
    if record is None or record.status != "success":
        return False
    store.items(record)
    return True
