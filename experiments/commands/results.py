"""``andraeusctl results``: looks at the cells in the store, compares them, tidies them up."""

import argparse
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from andraeus.errors import UserError
from experiments.commands import wide_console
from experiments.schema import STATED, WRITTEN

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

# Characters of a hash that are shown, and that are enough to name a cell.
SHORT = 10
# Knobs that are shown where cells differ in them, beside the groups' files.
_KNOBS = ("facts.n", "facts.seed", "step")
# Knobs that are never shown: where things lie, and what the file of a group or another column says already.
_UNSHOWN = (*WRITTEN, *STATED, "seed", "model", "facts._target_")
_EXAMPLES = """\
andraeusctl results                                              all cells
andraeusctl results list arm=finetune lora=r16 since=7d          some of them
andraeusctl results list status=failed,unreadable                what went wrong, and why
andraeusctl results compare "arm=finetune lora=r16" arm=rag suite=heldout
andraeusctl results compare 3f2a9c 77b01e                        two cells, by the beginnings of their hashes
andraeusctl results prune                                        what nothing needs; --yes removes it
andraeusctl results export cells.csv arm=finetune                a row a cell; with --items a row an item

Cells are chosen in the words of the andraeus command: cell=, status=, arm=, suite=, seed=, model=, profile=,
since= (2026-01-31, 7d, 12h), study=, a group's file (lora=r16) or a knob (training.steps=100); commas are alternatives.
"""


def add(commands: Any) -> None:
    """Add ``results`` and its own subcommands to the parser."""
    where = _where(argparse.SUPPRESS)
    chosen = argparse.ArgumentParser(add_help=False)
    chosen.add_argument("words", nargs="*", metavar="key=value", help="which cells; without any, all")
    results = commands.add_parser(
        "results",
        help="list, compare, prune and export the cells in the store",
        parents=[_where(os.environ.get("ANDRAEUS_STORE", "store"))],
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    results.set_defaults(run=_list, words=[])
    own = results.add_subparsers()
    own.add_parser("list", help="list cells", parents=[where, chosen]).set_defaults(run=_list)
    compare = own.add_parser("compare", help="the paired difference of two conditions or cells", parents=[where])
    for side in "ab":
        compare.add_argument(side, help='a cell\'s hash, or words in quotes: "arm=finetune lora=r16"')
    compare.add_argument("words", nargs="*", metavar="key=value", help="what holds for both")
    compare.set_defaults(run=_compare)
    prune = own.add_parser("prune", help="remove what nothing needs; without --yes say what", parents=[where])
    prune.add_argument(
        "words",
        nargs="*",
        metavar="kind",
        help="failed, started, unreadable, foreign, adapters, partial; none is all but unreadable and foreign",
    )
    prune.add_argument("--yes", action="store_true", help="do it")
    prune.set_defaults(run=_prune)
    export = own.add_parser("export", help="write cells as CSV", parents=[where])
    export.add_argument("file", help="where to; - is standard output")
    export.add_argument("words", nargs="*", metavar="key=value", help="which cells; without any, all")
    export.add_argument("--items", action="store_true", help="a row an item, graded, instead of a row a cell")
    export.set_defaults(run=_export)


def _where(default: str) -> argparse.ArgumentParser:
    """Return ``--store`` as a parent of parsers; each default needs one, since they share what a parent has."""
    where = argparse.ArgumentParser(add_help=False)
    where.add_argument("--store", default=default, help="the store's folder (default: store)")
    return where


def _list(arguments: argparse.Namespace) -> None:
    from experiments.frames import cells
    from experiments.store import UNREADABLE

    frame = cells(arguments.store, *arguments.words)
    if frame.empty:
        print("No cell is so.")
        return
    console = wide_console()
    console.print(_table(frame))
    done = frame[frame["status"] == "success"]
    console.print(f"{len(frame)} cells, {len(done)} of them done.")
    if set(_telling(frame)) & {name for told in frame["changed"].dropna() for name in str(told).split(",")}:
        console.print("… after a file's name: knobs of it were changed; `andraeusctl results export` has them all.")
    for row in frame[frame["status"].isin(["failed", UNREADABLE])].to_dict("records"):
        console.print(f"{row['cell'][:SHORT]} {row['status']}: {row['error']}", markup=False, soft_wrap=True)


def _table(frame: "pd.DataFrame") -> "Table":
    from rich.markup import escape
    from rich.table import Table

    from experiments.choice import shapes_adapters

    bare = frame["adapter"].isna()
    frame = frame.assign(**{name: frame[name].mask(bare, None) for name in map(str, frame) if shapes_adapters(name)})
    columns = ["cell", "status", "arm", *_telling(frame), "suite", "seed", "model", "accuracy", "finished"]
    form: dict[str, Callable[[Any], str]] = {
        "cell": lambda cell: cell[:SHORT],
        "profile": lambda profile: profile[:SHORT],
        "accuracy": "{:.1%}".format,
        "finished": _minute,
    }
    table = Table()
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in frame.sort_values("started").to_dict("records"):
        # A file's name would say what is no longer so.
        changed = str(row["changed"] or "").split(",")
        row |= {name: f"{row[name]} …" for name in changed if name in columns and not _missing(row[name])}
        told = ("–" if _missing(row[name]) else form.get(name, str)(row[name]) for name in columns)
        table.add_row(*map(escape, told))
    return table


def _telling(frame: "pd.DataFrame") -> list[str]:
    """Return the columns that tell cells apart: groups' files, and what differs in cells that would else look alike."""
    from experiments.choice import shapes_adapters
    from experiments.frames import GROUPS

    known, adapted = (frame[frame[name].notna()].astype(str) for name in ("arm", "adapter"))

    def differs(name: str) -> bool:
        return bool((adapted if shapes_adapters(name) else known)[name].nunique(dropna=False) > 1)

    shown = [name for name in (*GROUPS, *_KNOBS) if name in known and differs(name)]
    alike = known.groupby(["arm", "suite", "seed", "model", *shown], dropna=False)
    # Knobs stand behind all that is told of every cell.
    names = [str(name) for name in frame]
    knobs = [name for name in names[names.index("error") + 1 :] if name not in shown and differs(name)]
    knobs = [name for name in knobs if {name, name.partition(".")[0]}.isdisjoint(_UNSHOWN)]
    return [*shown, *(name for name in ("profile", *knobs) if (alike[name].nunique(dropna=False) > 1).any())]


def _missing(value: Any) -> bool:
    import pandas as pd

    return bool(pd.api.types.is_scalar(value) and pd.isna(value))


def _minute(moment: "pd.Timestamp") -> str:
    return moment.to_pydatetime().astimezone().strftime("%Y-%m-%d %H:%M")


def _compare(arguments: argparse.Namespace) -> None:
    from experiments.commands.compare import print_comparison

    print_comparison(arguments.store, arguments.a, arguments.b, arguments.words)


def _prune(arguments: argparse.Namespace) -> None:
    from experiments.commands.prune import prune

    prune(arguments.store, arguments.words, do=arguments.yes)


def _export(arguments: argparse.Namespace) -> None:
    from pathlib import Path

    from andraeus.files import write_text
    from experiments.frames import cells, items

    text = (items if arguments.items else cells)(arguments.store, *arguments.words).to_csv(index=False)
    if arguments.file == "-":
        print(text, end="")
    elif arguments.file.partition("=")[1]:
        raise UserError(f"{arguments.file} is no file: andraeusctl results export FILE.csv key=value …")
    else:
        write_text(Path(arguments.file), text)
