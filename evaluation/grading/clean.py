"""From what a model wrote to the plain text that is graded: no markup, no trailing rambling, no contractions."""

import re
import unicodedata

_THINKING = re.compile(r"<think>.*?(?:</think>|\Z)", re.S | re.I)
_ROLES = r"question|q|user|human|assistant|system|prompt|instruction|context|input"
_NEXT_TURN = re.compile(
    rf"<\|[^|>\n]*\|>|</s>|\n\s*[#*]*\s*(?:{_ROLES})\s*\d*\s*\**\s*:|\n\s*(?:user|assistant|system|human)\s*(?=\n|\Z)",
    re.I,
)
_NEXT_TURN_INLINE = re.compile(r"(?<=\S)\s+(?:Question|User|Human|Assistant)\s*:")
_LABEL = re.compile(r"(?im)^[\s#*]*(?:final answer|answer|response|output|assistant|a)\s*\**\s*:\**\s*")
_LIST_NUMBER = re.compile(r"(?m)^[ \t]*(\d{1,2})[.)][ \t]+(?=\S)")

_SUBSTITUTIONS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, flags), replacement)
    for pattern, replacement, flags in (
        (r"[‘’ʼ`´′]", "'", 0),
        (r"[“”„«»″]", '"', 0),
        (r"(\d)\s?½", r"\1.5", 0),
        (r"(\d)\s?¼", r"\1.25", 0),
        (r"(\d)\s?¾", r"\1.75", 0),
        (r"[−‐‑]", "-", 0),
        (r"~~.*?~~", " ", re.S),  # struck through: taken back
        (r"!?\[([^\]\n]*)\]\([^)\n]*\)", r"\1", 0),
        (r"</?[a-z][^<>\n]*>", " ", re.I),
        (r"(?m)^[ \t]*[-*+•][ \t]+(?=\S)", "• ", 0),
        (r"\*+", "", 0),
        (r"(?m)^\s*[#>]+\s*", "", 0),
        (r"(?<!\w)_+|_+(?!\w)", "", 0),
        (r"\|", " , ", 0),
        (r"(\d)\s*'\s*(\d{1,2})\s*(?:\"|''|\b)", r"\1 ft \2 in ", 0),
        (r'"', "", 0),
        (r"\b(a|p)\.\s?m\b\.?", r"\1m", re.I),
        (r"\b(e\.g|i\.e)\.?(?=\W)", lambda_eg := "for example", re.I),
        (r"\b((?:[A-Z]\.){2,})", "", 0),  # replaced below: the dots of an initialism go, its letters stay
        (r"\b(Dr|Mr|Mrs|Ms|Prof|St|Mt|Ft|Jr|Sr|vs|etc|approx)\.(?=[\s,;]|$)", r"\1", re.I),
        (r"\b(AB|A|B|O)\s?([+])(?!\w)", r"\1 positive", 0),
        (r"\b(AB|A|B|O)(-)(?!\w)", r"\1 negative", 0),
        (r"&", " and ", 0),
    )
)
