"""The rest of a division without branches, so that loops over it vectorize."""
from .by_dtype import floor, fma, settle_fmod


def fmod_any(x, y):
    """x less a whole multiple of y. The quotient may be one off; what is left is exact even then (Sterbenz), and is put right."""
    size, step = abs(x), abs(y)
    rest = fma(-floor(size / step), step, size)
    rest = rest + step if rest < 0 else rest
    rest = rest - step if rest >= step else rest
    rest = size if size < step else rest            # an infinite step, too
    rest = settle_fmod(size, step, rest)
    rest = -rest if x < 0 else rest
    return x if (x == 0) & (rest == 0) else rest
