"""Letters of all scripts: what regular expressions do not count as parts of words, and spellings that look the same."""

import unicodedata

MARKS = "".join(map(chr, filter(lambda code: unicodedata.category(chr(code))[0] == "M", range(0x300, 0x10000))))
"""All combining marks of the basic plane, to stand in a character class beside ``\\w``."""


def composed(text: str) -> str:
    """Write letters and their accents as one character where there is one: both spellings look the same."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)
