"""Text from a study's names and values, made harmless in Markdown and in LaTeX."""

import re

_LATEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "−": "$-$",
    "–": "--",
    "—": "---",
    "…": r"\dots{}",
    "≥": r"$\geq$",
    "≤": r"$\leq$",
    "×": r"$\times$",
    "→": r"$\to$",
    "±": r"$\pm$",
    "⌊": r"$\lfloor$",
    "⌋": r"$\rfloor$",
}
# What begins or ends markup: the underscore inside a name does not, nor do brackets that no link follows.
_MARKUP = re.compile(r"^[#+-]+(?=\s|$)|[\\`*|<>~$]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|\](?=[(\[:])|&(?=#?\w+;)")


def one_line(text: str) -> str:
    """Put text on one line, without control characters."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def markdown(text: str) -> str:
    """Escape text for a Markdown table, list or paragraph."""
    return _MARKUP.sub(r"\\\g<0>", one_line(text))


def latex(text: str) -> str:
    """Escape text for LaTeX."""
    return "".join(_LATEX.get(char, char) for char in one_line(text))
