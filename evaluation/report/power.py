"""What other designs would find of a study's contrasts: a table, and sentences."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from evaluation.report.formats import NO_REASON, number, reason
from evaluation.report.frames import frame_of
from evaluation.report.rows import Row, Summary, differing, label, side_of, sides_of
from evaluation.report.shown import Cell, Shown, records

if TYPE_CHECKING:
    import pandas as pd

_AT = "power at "
MEANING = (
    "Planned from what the contrasts showed here: the arms as accurate as here but for the effect, their variance "
    "shared out as here, as many questions a fact. The test is the one above, at 0.05, before any adjustment."
)


def power_table(summary: Summary) -> "pd.DataFrame":
    """Return the planned designs as a frame, one a contrast and design; the first design is the study's own."""
    telling = differing(sides_of(summary))
    plans = summary.get("power", [])
    effects = list(
        dict.fromkeys(one["effect"] for plan in plans for design in plan["designs"] for one in design["power"])
    )
    columns = ["a", "b", "suite", "metric", "profiles", "facts", "seeds", "scope", "mde"]
    columns += [f"{_AT}{effect:g}" for effect in effects]
    rows = []
    for plan in plans:
        names = [*(label(side_of(plan[side]), telling) for side in "ab"), plan["suite"], plan["metric"]]
        for design in plan["designs"]:
            chances = {one["effect"]: one["power"] for one in design["power"]}
            numbers = [design.get(name) for name in ("profiles", "facts", "seeds", "scope", "mde")]
            rows.append([*names, *numbers, *(chances.get(effect) for effect in effects), design["reasons"]])
    return frame_of([*columns, "reasons"], rows)


def power_shown(frame: "pd.DataFrame") -> Shown:
    """Lay out the frame of ``power_table``: points and percent, and in footnotes why a number is missing."""
    effects = [name for name in frame.columns if name.startswith(_AT)]
    titles = [f"{_AT}{100 * float(name.removeprefix(_AT)):g} points (%)" for name in effects]
    header = [
        "contrast",
        "suite",
        "metric",
        "profiles",
        "facts each",
        "seeds",
        "speaks for",
        "found with 80 % power (points)",
        *titles,
    ]
    table = Shown(header, "lllrrrl" + "r" * (1 + len(effects)))
    for row in records(frame):
        row["reasons"] = {"seeds": "neither arm has randomness"} | row["reasons"]
        row["reasons"] |= {name: row["reasons"].get("power", NO_REASON) for name in effects}
        cells = [table.value(row, name, str) for name in ("profiles", "facts", "seeds", "scope")]
        cells.append(table.value(row, "mde", lambda value: f"{100 * value:.1f}"))
        cells += [table.value(row, name, lambda value: f"{100 * value:.0f}") for name in effects]
        names = [f"{row['a']} − {row['b']}", row["suite"], row["metric"]]
        table.rows.append([*map(Cell, names), *cells])
    return table


def told(summary: Summary) -> list[str]:
    """Say of each contrast what the study's own design finds, and what it would take to find each effect."""
    keys = differing(sides_of(summary))
    return [
        f"{label(side_of(plan['a']), keys)} − {label(side_of(plan['b']), keys)} on {plan['suite']}: {_sentence(plan)}"
        for plan in summary.get("power", [])
    ]


def _sentence(plan: Row) -> str:
    if plan["design"] is None:
        return f"not planned: {reason(plan, 'design').rstrip('.')}."
    own = plan["designs"][0]
    if own["mde"] is None:
        found = f"this study's design: {reason(own, 'mde')}"
    else:
        found = f"this study's design finds {number(own['mde'], plan['metric'])} points with 80 % power"
    return ". ".join([found, *(_takes(one) for one in plan["needed"])]) + "."


def _takes(one: Mapping[str, Any]) -> str:
    enough = [f"{one[name]} {name}" for name in ("profiles", "facts", "seeds") if one[name] is not None]
    never = [f"{name} ({one['reasons'][name]})" for name in ("profiles", "facts", "seeds") if one[name] is None]
    facts = f"{' or '.join(enough)}, the rest as it was" if enough else "more than was looked for"
    text = f"{100 * one['effect']:g} points take {facts}"
    return f"{text}; not planned by {', '.join(never)}" if never else text
