"""What other designs would find of a study's contrasts, from the variance that the study showed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from itertools import product
from typing import Any

from evaluation.contrasts import named_side, sides_of
from evaluation.groups import Group, rounded
from evaluation.statistics.claims import Kind
from evaluation.statistics.planning import LEAST, MOST, Design, Pilot, needed, pilot, planned_effect, planned_power
from evaluation.statistics.variance import METHOD

_NOTHING = "no item was answered by both arms"
_OTHER = "designs are planned for tests of a difference, and this contrast claims something else"
_TOO_LITTLE = "no effect up to 50 points is found with 80 % power"


def planned_contrasts(
    groups: Sequence[Group], stated: Sequence[Mapping[str, Any]], power: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Plan each stated contrast anew.

    Args:
        groups: All groups of the study.
        stated: The contrasts, as the study states them.
        power: ``{effects, profiles, facts, seeds}``: true differences, and designs as their combinations.
    """
    return [_planned(groups, one, power) for one in stated]


def _planned(groups: Sequence[Group], stated: Mapping[str, Any], power: Mapping[str, Any]) -> dict[str, Any]:
    plan: dict[str, Any] = {side: named_side(stated[side]) for side in ("a", "b")}
    plan |= {"suite": stated["suite"], "metric": stated["metric"], "method": METHOD}
    plan |= {"shares": None, "design": None, "designs": [], "needed": [], "reasons": {}}
    scores = sides_of(groups, stated) if stated.get("kind") in (None, Kind.difference) else _OTHER
    shown = scores if isinstance(scores, str) else pilot(*scores)
    if shown is None or isinstance(shown, str):
        return plan | {"reasons": dict.fromkeys(("shares", "design"), shown or _NOTHING)}
    shares = {name: rounded(share) for name, share in shown.apart.shares.items()}
    plan |= {"shares": shares, "design": asdict(shown.design) | {"items": rounded(shown.design.items)}}
    plan["designs"] = [_found(shown, design, power["effects"]) for design in _designs(shown, power)]
    plan["needed"] = [_needed(shown, effect) for effect in power["effects"]]
    return plan | {"reasons": {f"shares.{name}": why for name, why in shown.apart.reasons.items()}}


def _designs(shown: Pilot, power: Mapping[str, Any]) -> Iterator[Design]:
    """Yield the study's own design, and those that were asked about."""
    yield shown.design
    seeds = power["seeds"] if any(shown.random) else [None]
    for profiles, facts, seed in product(power["profiles"], power["facts"], seeds):
        design = Design(profiles, facts, seed, shown.design.items)
        if design != shown.design:
            yield design


def _found(shown: Pilot, design: Design, effects: Sequence[float]) -> dict[str, Any]:
    found: dict[str, Any] = {"profiles": design.profiles, "facts": design.facts, "seeds": design.seeds}
    found["scope"] = design.scope
    if why := shown.missing(design):
        nothing = [{"effect": effect, "power": None} for effect in effects]
        return found | {"mde": None, "power": nothing, "reasons": {"mde": why, "power": why}}
    mde = planned_effect(shown, design)
    chances = [{"effect": e, "power": rounded(planned_power(shown, design, e))} for e in effects]
    return found | {"mde": rounded(mde), "power": chances, "reasons": {} if mde is not None else {"mde": _TOO_LITTLE}}


def _needed(shown: Pilot, effect: float) -> dict[str, Any]:
    if why := shown.missing(shown.design):
        return {"effect": effect, **dict.fromkeys(LEAST), "reasons": dict.fromkeys(LEAST, why)}
    found = dict.fromkeys(LEAST) | needed(shown, shown.design, effect)
    reasons = {}
    for name in (name for name, number in found.items() if number is None):
        few = replace(shown.design, **{name: LEAST[name]})
        reasons[name] = shown.missing(few) or f"not even {MOST[name]} {name} find it, the rest as it was"
    if not any(shown.random):
        reasons["seeds"] = "neither arm has randomness"
    return {"effect": effect, **found, "reasons": reasons}
