"""Units of measure: which mean the same kind of thing, and what one is in another."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Unit:
    """A unit.

    Attributes:
        dimension: What it measures; numbers of different dimensions are never equal.
        factor: How many of the dimension's base unit it is.
        system: Metric or imperial; between the two, rounding is allowed for.
        smaller: The unit that may follow it in a compound ("5 ft 9").
    """

    dimension: str
    factor: Decimal
    system: str = ""
    smaller: str = ""


_TABLE = """
length   metric   0.001   -      mm millimetre millimetres millimeter millimeters
length   metric   0.01    -      cm cms centimetre centimetres centimeter centimeters
length   metric   1       cm     m metre metres meter meters
length   metric   1000    -      km kms kilometre kilometres kilometer kilometers k
length   imperial 0.0254  -      in inch inches
length   imperial 0.3048  in     ft foot feet
length   imperial 1609.344 -     mi mile miles
mass     metric   0.001   -      g gram grams
mass     metric   1       -      kg kgs kilo kilos kilogram kilograms kilogramme kilogrammes
mass     imperial 0.45359237 -   lb lbs
mass     imperial 6.35029318 lb  stone
volume   metric   1       -      l litre litres liter liters
volume   metric   0.001   -      ml millilitre millilitres milliliter milliliters
speed    metric   1       -      kmh kph
speed    imperial 1.609344 -     mph
time     -        1       -      s sec secs second seconds
time     -        60      s      min mins minute minutes
time     -        3600    min    h hr hrs hour hours
days     -        1       -      day days
days     -        7       -      week weeks
months   -        1       -      month months
months   -        12      months year years yr yrs yo
gbp      -        1       -      £ gbp quid sterling
gbp      -        0.01    -      p pence
usd      -        1       -      $ usd dollar dollars buck bucks
eur      -        1       -      € eur euro euros
jpy      -        1       -      ¥ yen
percent  -        1       -      % percent
degree_c -        1       -      °c celsius
degree_f -        1       -      °f fahrenheit
"""

_UNITS: dict[str, Unit] = {}
for _line in _TABLE.strip().splitlines():
    _dimension, _system, _factor, _smaller, *_words = _line.split()
    for _word in _words:
        _UNITS[_word] = Unit(_dimension, Decimal(_factor), _system.strip("-"), _smaller.strip("-"))
_POUND = Unit("pound", Decimal(1))
_UNITS |= {"pound": _POUND, "pounds": _POUND}

PREFIXES = {sign: _UNITS[sign] for sign in "£$€¥"} | {
    region: Unit(f"size_{region}", Decimal(1)) for region in ("eu", "uk", "us")
}


SIZES = frozenset(unit.dimension for sign, unit in PREFIXES.items() if sign.isalpha())
CURRENCIES = frozenset({"gbp", "usd", "eur", "jpy"})
FREE = CURRENCIES | SIZES | {"pound"}
"""Dimensions that a number without a unit may be given in."""


def unit_of(word: str) -> Unit | None:
    """The unit a word stands for, if it is one."""
    return _UNITS.get(word.lower().replace("° ", "°"))
