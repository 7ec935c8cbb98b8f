"""How far a sweep is, told while it runs: read from the records its cells write, whichever process runs them."""

import datetime
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from andraeus.progress import bar, say
from experiments.pace import Took, Work, expected, pace, paces, parts
from experiments.record import Record
from experiments.store import Store

# Seconds between two looks at the records, and between two lines where no terminal shows a bar.
LOOK, LINE = 1.0, 60.0
LAYOUT = "{desc}: {n_fmt} of {total_fmt} cells |{bar:20}|{postfix}"


class Progress:
    """What has become of a sweep's cells since it began.

    A cell counts once its record has been written anew: a failure of yesterday is no failure of this sweep.

    Args:
        store: Where the cells' records are written.
        work: The cells to run, by identity, each with what there is to do in it.
    """

    def __init__(self, store: Store, work: Mapping[str, Work]) -> None:
        self.work = work
        self.running: dict[str, datetime.datetime] = {}
        # What ended since somebody last told it.
        self.news: list[Record] = []
        # Seconds of each part of the work of a cell that is done.
        self.took: dict[str, Took] = {}
        self.failed: set[str] = set()
        self.side_by_side = 1
        self._store = store
        self._written = {i: _written(store.cell(i)) for i in work}

    @property
    def ended(self) -> int:
        """How many cells have run, whatever came of them."""
        return len(self.took) + len(self.failed)

    def look(self) -> bool:
        """Read what was written since the last look; return whether anything was."""
        news = False
        for identity in self.work:
            written = _written(self._store.cell(identity))
            if written in (None, self._written[identity]):
                continue
            self._written[identity] = written
            record = self._store.look(identity).record
            if record is not None:
                self._note(identity, record)
                news = True
        self.side_by_side = max(self.side_by_side, len(self.running))
        return news

    def _note(self, identity: str, record: Record) -> None:
        self.running.pop(identity, None)
        self.failed.discard(identity)
        if record.status == "started":
            self.running[identity] = record.started
        elif record.status == "failed":
            self.failed.add(identity)
        elif identity not in self.took:
            # It may be read twice: once as it is written anew, and once after that.
            self.news.append(record)
            self.took[identity] = parts(record, trained=self.work[identity].rows > 0)

    def seconds_left(self, now: datetime.datetime) -> float | None:
        """Return about how long the rest takes, by what a row and an item took; ``None`` where nothing tells.

        They took that in cells of the same kind, or else in all.
        """
        done = [(self.work[identity], took) for identity, took in self.took.items()]
        own, every, left = paces(done), pace(done), 0.0
        for identity, work in self.work.items():
            if identity in self.took or identity in self.failed:
                continue
            rates = zip(own.get(work.kind, every), every, strict=True)
            whole = expected(work, tuple(other if one is None else one for one, other in rates))
            if whole is None:
                return None
            begun = (now - self.running[identity]).total_seconds() if identity in self.running else 0.0
            left += max(whole - begun, 0.0)
        return left / self.side_by_side

    def words(self, now: datetime.datetime) -> str:
        """Say what runs, what failed, and about how long the rest takes."""
        left = self.seconds_left(now)
        return (
            f"{len(self.running)} running, {len(self.failed)} failed"
            f"{'' if left is None else f', about {duration(left)} left'}"
        )


class Watch:
    """Shows a sweep's progress while its block runs: a line for each cell that ended, and how far the whole is.

    How far it is stands on standard error: a bar on a terminal, else a line now and then.

    Args:
        name: What the sweep is called.
        progress: Its cells.
        conditions: What tells each cell apart from the others, by identity.
        look: Seconds between two looks.
        line: Seconds between two lines where there is no terminal.
    """

    def __init__(
        self,
        name: str,
        progress: Progress,
        conditions: Mapping[str, str] | None = None,
        look: float = LOOK,
        line: float = LINE,
    ) -> None:
        self.name, self.progress, self.conditions = name, progress, conditions or {}
        self._look, self._line = look, line
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Watch":
        # Made before any cell makes one of its own, so that it has the first line.
        self._bar = bar(len(self.progress.work), self.name, "cell", layout=LAYOUT)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        self._bar.close()

    def _watch(self) -> None:
        untold, waited, over = False, 0.0, False
        while not over:
            over = self._over.wait(self._look)
            waited += self._look
            untold = self.progress.look() or untold
            self._tell()
            if not self._bar.disable:
                self._draw()
            elif untold and waited >= self._line and not over:
                told = f"{self.name}: {self.progress.ended} of {len(self.progress.work)} cells done"
                print(f"{told}, {self.progress.words(_now())}.", file=sys.stderr, flush=True)
                untold, waited = False, 0.0

    def _tell(self) -> None:
        for record in self.progress.news:
            say(f"  {record.line(self.conditions.get(record.identity, ''))}")
        self.progress.news = []

    def _draw(self) -> None:
        self._bar.n = self.progress.ended
        # Each time, also where nothing is new: other processes may have printed over it.
        self._bar.set_postfix_str(self.progress.words(_now()), refresh=True)


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def duration(seconds: float) -> str:
    """Write a duration as a person says it: "40 s", "12 min", "3 h 5 min"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def _written(folder: Path) -> int | None:
    """Return when a cell's record was written; ``None`` where there is none, or it is not to be seen now."""
    try:
        return (folder / "record.json").stat().st_mtime_ns
    except OSError:
        return None
