"""float16 to and from float32 in integer arithmetic, for processors without instructions for it."""
import numpy as np

from ..bits import bits_to_float32, float32_to_bits

HALF, TINY = np.float32(0.5), np.float32(2.0**-24)      # the last bit of numbers from 0.5 on is worth 2**-24, as the least float16 is
REBIAS = np.int32((127 - 15) << 23)                     # between the exponents of the two types


def round_by_integers(x):
    """The uint16 with the bits of a float32 rounded to float16: to nearest, ties to even."""
    bits = float32_to_bits(x)
    size = np.int32(bits & np.int32(0x7FFFFFFF))
    sign = np.int32(np.int32(bits >> np.int32(16)) & np.int32(0x8000))
    odd = np.int32(np.int32(size >> np.int32(13)) & np.int32(1))
    normal = np.int32(np.int32(np.int32(np.int32(size - REBIAS) + np.int32(0xFFF)) + odd) >> np.int32(13))
    subnormal = np.int32(float32_to_bits(np.float32(bits_to_float32(size) + HALF)) - float32_to_bits(HALF))
    nan = np.int32(np.int32(0x7E00) | np.int32(np.int32(size >> np.int32(13)) & np.int32(0x1FF)))
    found = normal if size >= np.int32(113 << 23) else subnormal
    found = found if size < np.int32(0x477FF000) else np.int32(0x7C00)
    found = found if size <= np.int32(0x7F800000) else nan
    return np.uint16(np.int32(found | sign))


def widen_by_integers(n):
    """The float32 equal to a float16 given by its bits."""
    size = np.int32(np.int32(n) & np.int32(0x7FFF))
    sign = np.int32(np.int32(np.int32(n) & np.int32(0x8000)) << np.int32(16))
    shifted = np.int32(size << np.int32(13))
    normal = np.int32(shifted + REBIAS)
    subnormal = float32_to_bits(np.float32(np.float32(size) * TINY))
    quiet = np.int32(np.int32(shifted + np.int32(2 * REBIAS)) | np.int32(0x400000 if size > np.int32(0x7C00) else 0))
    found = normal if size >= np.int32(0x400) else subnormal
    found = found if size < np.int32(0x7C00) else quiet
    return bits_to_float32(np.int32(found | sign))
