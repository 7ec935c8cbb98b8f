"""From what a model wrote to the plain text that is graded: no markup, no trailing rambling, no contractions."""

import re

_THINKING = re.compile(r"<think>.*?(?:</think>|\Z)", re.S | re.I)
_ROLES = r"question|q|user|human|assistant|system|prompt|instruction|context|input"
_NEXT_TURN = re.compile(
    rf"<\|[^|>\n]*\|>|</s>"
    rf"|\n\s*[#*]*\s*(?:{_ROLES})\s*\d*\s*\**\s*:"
    rf"|\n\s*(?:user|assistant|system|human)\s*(?=\n|\Z)",
    re.I,
)
_NEXT_TURN_INLINE = re.compile(r"(?<=\S)\s+(?:Question|User|Human|Assistant)\s*:")
_LABEL = re.compile(r"(?im)^[\s#*]*(?:final answer|answer|response|output|assistant|a)\s*\**\s*:\**\s*")
_INITIALISM = re.compile(r"\b(?:[A-Z]\.){2,}")
_INITIAL = re.compile(r"\b([A-HJ-Z])\.(?=\s[A-Z][a-z])")
_NUMBERED = re.compile(r"(?m)^[ \t]*(\d{1,2})[.)][ \t]+(?=\S)")

_PLAIN: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, flags), replacement)
    for pattern, replacement, flags in (
        (r"[‘’ʼ`´′]", "'", 0),
        (r"[“”„«»″]", '"', 0),
        (r"(\d)\s+1/2\b", r"\1.5", 0),
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
        (r"(\d)\s*'\s*(\d{1,2})(?:\s*(?:\"|'')|\b)", r"\1 ft \2 in", 0),
        (r'"', "", 0),
        (r"(?<!\w)'(?!\d\d\b)|'(?!\w)", "", 0),
        (r"\b([ap])\.\s?m\b\.?", r"\1m", re.I),
        (r"\b(?:e\.g|i\.e)\b\.?", "for example", re.I),
        (r"\b(Dr|Mr|Mrs|Ms|Prof|St|Mt|Ft|Jr|Sr|vs|approx)\.(?=\s)", r"\1", re.I),
        (r"\bno\.?\s?(?=\d)", "number ", re.I),
        (r"\b(AB|A|B|O)\+(?!\w)", r"\1 positive", 0),
        (r"\b(AB|A|B|O)-(?!\w)", r"\1 negative", 0),
        (r"&", " and ", 0),
        (r"\bcannot\b", "can not", re.I),
        (r"\b(ca|wo)n'?t\b", "can not", re.I),
        (r"\b(is|are|was|were|do|does|did|have|has|had|could|would|should)n'?t\b", r"\1 not", re.I),
        (r"\b(it|that|he|she|what|who|here|there|where|when)'s\b", r"\1 is", re.I),
        (r"(\w)'s(?=\s(?:an?|called|named|not|never)\b)", r"\1 is", re.I),
        (r"\b(i)'?m\b", r"\1 am", re.I),
        (r"\b(you|we|they)'re\b|\b(you)re\b", r"\1\2 are", re.I),
        (r"\b(\w+)'ll\b", r"\1 will", re.I),
        (r"\b(\w+)'ve\b", r"\1 have", re.I),
        (r"\b(i|you|he|she|it|we|they|that)'d\b", r"\1 would", re.I),
    )
)


def plain(text: str) -> str:
    """Take markup, quotation marks and contractions out of a text (of an answer, a value or a question)."""
    text = _INITIALISM.sub(lambda found: found.group().replace(".", ""), text)
    text = _INITIAL.sub(r"\1", text)
    for pattern, replacement in _PLAIN:
        text = pattern.sub(replacement, text)
    return text.strip()


def clean(answer: str) -> str:
    """Plain text of the answer itself: what a model rambles on with after its turn is cut off.

    Args:
        answer: What the model wrote.

    Returns:
        The text to grade; list items start with a bullet, one a line.
    """
    text = _THINKING.sub(" ", answer).strip()
    text = re.sub(r"\A(?:<\|[^|>\n]*\|>\s*)+", "", text)
    for marker in (_NEXT_TURN, _NEXT_TURN_INLINE):
        found = marker.search(text)
        if found and text[: found.start()].strip():
            text = text[: found.start()]
    text = _LABEL.sub("", text)
    if len(_NUMBERED.findall(text)) > 1:
        text = _NUMBERED.sub("• ", text)
    return plain(text)
