"""Typing errors: small random perturbations of a text, not a list of known misspellings."""

from random import Random

# Neighbours on a QWERTY keyboard.
_NEAR = {
    "a": "sqz", "b": "vgn", "c": "xdv", "d": "sfe", "e": "wrd", "f": "dgr", "g": "fht", "h": "gjy", "i": "uok",
    "j": "hku", "k": "jli", "l": "ko", "m": "nj", "n": "bmh", "o": "ipl", "p": "ol", "q": "wa", "r": "etf",
    "s": "adw", "t": "ryg", "u": "yij", "v": "cbf", "w": "qes", "x": "zcs", "y": "tuh", "z": "xa",
}  # fmt: skip


def with_typos(text: str, random: Random, protected: frozenset[str] = frozenset()) -> str:
    """Return a text as somebody types it in a hurry: one error in some 25 letters, at least one.

    Each error swaps two letters, drops, doubles or replaces one by its neighbour on the keyboard.
    Often the capital letters and the question mark go too.

    Args:
        text: A question.
        random: The stream to draw from.
        protected: Words (lower case) that stay as they are, such as a name that tells two pets apart.
    """
    words = text.split(" ")
    open_words = [i for i, w in enumerate(words) if len(w) > 3 and _bare(w) not in protected]
    errors = max(1, len(text) // 25)
    for i in random.sample(open_words, min(errors, len(open_words))):
        words[i] = _typo(words[i], random)
    result = " ".join(words)
    if random.random() < 0.5:
        result = result.rstrip("?.")
    if random.random() < 0.5:
        result = result.lower()
    return result


def _bare(word: str) -> str:
    """Return a word without marks and without its possessive: ``cat`` for ``Cat's?``."""
    return word.strip("?.,!:;()\"'’").lower().replace("’", "'").removesuffix("'s")


def _typo(word: str, random: Random) -> str:
    # The first letter is rarely mistyped; the last may be a mark.
    places = [i for i in range(1, len(word)) if word[i].isalpha()]
    if not places:
        return word
    at = random.choice(places)
    kind = random.choice(("swap", "drop", "double", "near"))
    if kind == "swap" and at + 1 < len(word) and word[at + 1].isalpha() and word[at + 1].lower() != word[at].lower():
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if kind == "drop":
        return word[:at] + word[at + 1 :]
    if kind == "near" and word[at].lower() in _NEAR:
        return word[:at] + random.choice(_NEAR[word[at].lower()]) + word[at + 1 :]
    return word[:at] + word[at] + word[at:]
