"""float16 and bfloat16 as their bits (uint16), to and from float32; every op on them computes in float32 between."""
import numpy as np

from ..bits import bits_to_float32, float32_to_bits, float32_to_half, half_to_float32
from ..compile import formula


@formula
def float16_to_float32(bits):
    return half_to_float32(bits)


@formula
def float32_to_float16(x):
    return float32_to_half(x)


@formula
def bfloat16_to_float32(bits):
    return bits_to_float32(np.int32(bits) << np.int32(16))


@formula
def float32_to_bfloat16(x):
    """Rounds to nearest, ties to even."""
    if x != x:
        return np.uint16(0x7FC0)
    bits = float32_to_bits(x)
    return np.uint16((bits + np.int32(0x7FFF) + ((bits >> np.int32(16)) & np.int32(1))) >> np.int32(16))
