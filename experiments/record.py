"""The typed result of one cell."""

import datetime
import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from andraeus.errors import UserError
from andraeus.files import write_text

SCHEMA = 1
# What to do about a cell that is damaged.
REMOVE = "remove that folder (andraeusctl results prune unreadable --yes)"


class Unreadable(UserError):
    """Something stands in the store and cannot be read: it is damaged, or else one of the two below."""


class Foreign(Unreadable):
    """A record that another version of this program wrote, and may still read."""


class OutOfReach(Unreadable):
    """Something that cannot be read now, such as another user's; what it holds may be good."""


def out_of_reach(path: Path, error: OSError) -> OutOfReach:
    """Return what is said of a file that the system refuses to read."""
    return OutOfReach(f"{path} cannot be read ({error.strerror or error}): mend that, or use another paths.store.")


class Timing(BaseModel):
    """What does not repeat: kept apart from what does."""

    model_config = ConfigDict(extra="forbid")

    train_seconds: float | None = Field(None, description="Wall time of the adapter's training loop")
    evaluation_seconds: float = Field(description="Wall time of generating all answers")
    latency_p50: float | None = Field(
        description="Median seconds an answer; null where questions were answered together, or answers were drafted, "
        "since nobody who asks waits for a share of a batch or has the answer beforehand"
    )
    latency_p90: float | None
    latency_p99: float | None
    peak_memory_mib: float | None = Field(
        None, description="Peak resident memory of the cell, where the system tells it"
    )


class _Model(BaseModel):
    name: str
    origin: str


class _Hardware(BaseModel):
    cpu: str
    cores: int | None
    memory_gib: float


class Provenance(BaseModel):
    """What `experiments.origin` tells of a cell or an adapter, and all that were ever written say."""

    commit: str | None
    dirty: bool | None
    versions: dict[str, str]
    hardware: _Hardware
    device: str
    threads: int
    model: _Model


class Record(BaseModel):
    """What came of a cell."""

    model_config = ConfigDict(extra="forbid")

    schema_version: int = SCHEMA
    identity: str
    identity_version: int
    adapter: str | None = Field(None, description="Identity of the adapter, for arms that have one")
    status: Literal["started", "success", "failed"]
    arm: str
    suite: str
    profile: str = Field(description="Content hash of the profile")
    seed: int | None
    n_items: int | None = None
    items_hash: str | None = Field(None, description="SHA-256 of items.jsonl, by which a changed answer is noticed")
    started: datetime.datetime
    finished: datetime.datetime | None = None
    error: str | None = Field(None, description="Traceback of a failed cell")
    objective: float | None = Field(None, description="Accuracy by the grader of the day the cell ran")
    drafts: Literal["none", "expected"] = Field("none", description="What answers were drafted by")
    near_ties: int | None = Field(
        None,
        description="Tokens whose logit lay within 0.001 of another's: where, in float32, drafts may change an answer",
    )
    training: dict[str, Any] | None = Field(None, description="Steps, examples and stopping of the adapter")
    timing: Timing | None = None
    provenance: dict[str, Any]

    @property
    def made(self) -> dict[str, Any] | None:
        """Resolved config under which the cell was run; ``None`` where it stands as no success."""
        return self.provenance.get("config") if self.status == "success" else None

    @property
    def person(self) -> str:
        """Hash of the person, by which questions pair; records of before it was noted know the profile alone."""
        return str(self.provenance.get("person", self.profile))

    @property
    def diverged(self) -> bool:
        """Whether its training ended where the loss was no number any more; its answers are scored all the same."""
        return self.training is not None and self.training.get("stopped") == "diverged"

    @property
    def failed_of(self) -> str | None:
        """The last line of what it failed of."""
        return self.error.strip().splitlines()[-1] if self.error else None

    def told(self) -> dict[str, float]:
        """Return the cell's numbers for a tracker: what came out, and what it took."""
        took = self.timing.model_dump() if self.timing is not None else {}
        numbers = {"accuracy": self.objective, "near_ties": self.near_ties}
        numbers |= {f"cost/{name}": value for name, value in took.items()}
        return {name: value for name, value in numbers.items() if value is not None}

    def line(self, condition: str = "") -> str:
        """Return the cell in one line, for the terminal.

        Args:
            condition: What tells it apart from the other cells of its study.
        """
        seed = f"{condition and f', {condition}'}{'' if self.seed is None else f', seed {self.seed}'}"
        trained = f"{self._trained()} steps, " if self.training else ""
        asked = f"{self.n_items} items in {self.timing.evaluation_seconds:.0f} s" if self.timing else self.status
        share = "" if self.objective is None else f": {self.objective:.1%}"
        return f"{self.arm} · {self.suite}{seed}{share} ({trained}{asked})"

    def _trained(self) -> str:
        """Say how many steps of training stand behind the answers."""
        assert self.training is not None
        at, steps = (self.made or {}).get("step"), self.training["steps"]
        if self.diverged:
            return f"diverged after {steps}"
        return f"{steps}" if at is None else f"{at} of {steps}"

    def write(self, folder: Path) -> None:
        """Write ``record.json`` atomically."""
        write_text(folder / "record.json", self.model_dump_json(indent=2) + "\n")

    @classmethod
    def read(cls, folder: Path) -> "Record | None":
        """Read a cell's record; ``None`` where there is none.

        Raises:
            Unreadable: The record is damaged, or as its subclasses say.
        """
        path = folder / "record.json"
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            # Another version may have other fields: what it is comes before what is wrong with it.
            version = told.get("schema_version", SCHEMA) if isinstance(told, dict) else SCHEMA
            if version != SCHEMA:
                raise _foreign(path, f"schema version {version}, this program writes {SCHEMA}")
            record = cls.model_validate(told)
            if record.status != "started":
                Provenance.model_validate(record.provenance)
            return record
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise out_of_reach(path, error) from error
        except ValueError as error:
            if unknown := _only_unknown_fields(error):
                raise _foreign(path, f"fields that this one does not know: {', '.join(unknown)}") from error
            # No UTF-8, no JSON, or no record.
            raise Unreadable(f"{path} is damaged or no record: {REMOVE} and run again.") from error


def _foreign(path: Path, told: str) -> Foreign:
    return Foreign(
        f"{path} was written by another version of this program ({told}): use that version, or another paths.store "
        "(andraeusctl results prune foreign --yes removes all such cells)."
    )


def _only_unknown_fields(error: ValueError) -> list[str]:
    """Return the fields that this version does not know, if they are all that is wrong with a record."""
    found = error.errors() if isinstance(error, ValidationError) else []
    told = [".".join(map(str, one["loc"])) for one in found if one["type"] == "extra_forbidden"]
    return told if len(told) == len(found) else []
