"""Independent random streams derived from one seed, one for each use of randomness."""

import hashlib
import random


def stream_seed(seed: int, *names: object) -> int:
    """Derive the seed of a named stream.

    Args:
        seed: The condition's ``seed``, or the profile's ``facts.seed``.
        names: What the stream is for, such as ``"data_order"``, and any further keys.

    Returns:
        A 63-bit integer; another name or another seed gives an unrelated one.
    """
    text = "/".join([str(seed), *map(str, names)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def stream(seed: int, *names: object) -> random.Random:
    """Return a ``random.Random`` on the named stream."""
    return random.Random(stream_seed(seed, *names))
