"""The pointwise operations, a row each: what they compute, on which numbers and types, and in which forms they come."""
from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from oracle import FLOATS, INTEGERS, numbers, rounded
from scipy import special

import nb_nn as torch
from nb_nn.ops import activation, arithmetic, division, exponential, piecewise, trigonometry

SAME, FLOAT, BOOL = "same", "float", "bool"
ALL = (*FLOATS, *INTEGERS, "bool")
NUMBERS = (*FLOATS, *INTEGERS)
WHOLE = (*INTEGERS, "bool")


@dataclass(frozen=True)
class Case:
    """A row. The oracle computes on float64, or on integers of their own type where the answer is one."""

    name: str
    oracle: Callable
    inputs: int = 1
    low: Any = -2.0             # of the elements of all inputs, or a tuple of one bound an input
    high: Any = 2.0
    away_from: float | None = None      # where the slope jumps: elements keep a distance from it
    params: tuple = ()
    options: dict = field(default_factory=dict)
    kinds: tuple = ALL          # types it takes
    answer: str = SAME          # type it gives
    module: Any = torch
    method: bool = True
    inplace: bool = True
    out: bool = True
    gradient: bool = True
    label: str = ""

    @property
    def function(self) -> Callable:
        return getattr(self.module, self.name)

    def __repr__(self) -> str:
        return self.label or self.name

    def answer_kind(self, kind: str) -> str:
        """The type of the result of inputs of one type."""
        if self.answer == BOOL:
            return "bool"
        return "float32" if self.answer == FLOAT and kind not in FLOATS else kind

    def bounds(self, place: int) -> tuple[float, float]:
        return tuple(bound[place] if isinstance(bound, tuple) else bound for bound in (self.low, self.high))

    def operands(self, kind: str, shape: tuple = (3, 4)) -> list[np.ndarray]:
        """Random inputs of one type."""
        return [self.apart(numbers(kind, shape, *self.bounds(place), seed=place + 1), kind) for place in range(self.inputs)]

    def apart(self, array: np.ndarray, kind: str) -> np.ndarray:
        """Numbers moved away from where the slope jumps."""
        if self.away_from is None or array.dtype.kind != "f":
            return array
        return rounded(np.where(abs(abs(array) - self.away_from) < 0.05, array + array.dtype.type(0.125), array), kind)

    def expected(self, arrays: list[np.ndarray], kind: str) -> np.ndarray:
        """What the oracle says of inputs of one type."""
        wide = kind in FLOATS or self.answer == FLOAT
        with np.errstate(all="ignore"):
            found = self.oracle(*(array.astype(np.float64) if wide else array for array in arrays), *self.params, **self.options)
        return np.asarray(found).astype({"bfloat16": "float32"}.get(self.answer_kind(kind), self.answer_kind(kind)))


def elu(x: Any, alpha: float = 1.0, scale: float = 1.0, inner: float = 1.0) -> Any:
    return scale * np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0) * inner))


def gelu_tanh(x: Any, **options: Any) -> Any:
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x ** 3)))


def softplus(x: Any, beta: float = 1.0, threshold: float = 20.0) -> Any:
    return np.where(x * beta > threshold, x, np.log1p(np.exp(x * beta)) / beta)


def add(x: Any, y: Any, alpha: Any = 1) -> Any:
    return x | y if x.dtype == bool else x + x.dtype.type(alpha) * y


def truncated(x: Any, y: Any) -> Any:
    return np.trunc(x / y).astype(x.dtype)


ROUNDING = [Case(name, getattr(np, name), kinds=NUMBERS, gradient=False) for name in ("floor", "ceil", "trunc")]

UNARY = [
    Case("neg", np.negative, kinds=NUMBERS),
    Case("abs", np.abs, kinds=NUMBERS, away_from=0),
    Case("sign", np.sign, kinds=NUMBERS, away_from=0),
    Case("square", np.square, kinds=NUMBERS),
    *ROUNDING,
    Case("frac", lambda x: x - np.trunc(x), kinds=FLOATS, away_from=1),
    Case("reciprocal", np.reciprocal, low=0.3, high=3, answer=FLOAT),
    Case("exp", np.exp, answer=FLOAT),
    Case("exp2", np.exp2, answer=FLOAT),
    Case("expm1", np.expm1, answer=FLOAT),
    Case("log", np.log, low=0.2, answer=FLOAT),
    Case("log2", np.log2, low=0.2, answer=FLOAT),
    Case("log10", np.log10, low=0.2, answer=FLOAT),
    Case("log1p", np.log1p, low=-0.8, answer=FLOAT),
    Case("sqrt", np.sqrt, low=0.2, high=4, answer=FLOAT),
    Case("rsqrt", lambda x: 1 / np.sqrt(x), low=0.2, high=4, answer=FLOAT),
    Case("sin", np.sin, answer=FLOAT),
    Case("cos", np.cos, answer=FLOAT),
    Case("tan", np.tan, low=-1.3, high=1.3, answer=FLOAT),
    Case("asin", np.arcsin, low=-0.9, high=0.9, answer=FLOAT),
    Case("acos", np.arccos, low=-0.9, high=0.9, answer=FLOAT),
    Case("atan", np.arctan, answer=FLOAT),
    Case("sinh", np.sinh, answer=FLOAT),
    Case("cosh", np.cosh, answer=FLOAT),
    Case("tanh", np.tanh, answer=FLOAT),
    Case("sigmoid", special.expit, answer=FLOAT),
    Case("erf", special.erf, answer=FLOAT),
    Case("erfc", special.erfc, answer=FLOAT),
    Case("erfinv", special.erfinv, low=-0.9, high=0.9, answer=FLOAT),
    Case("relu", lambda x: np.maximum(x, 0), kinds=NUMBERS, away_from=0),
    Case("clamp", np.clip, params=(0, 1), kinds=NUMBERS, away_from=1),
    Case("clamp_min", np.maximum, params=(1,), kinds=NUMBERS, away_from=1),
    Case("clamp_max", np.minimum, params=(1,), kinds=NUMBERS, away_from=1),
    Case("asinh", np.arcsinh, answer=FLOAT),
    Case("acosh", np.arccosh, low=1.2, high=4, answer=FLOAT),
    Case("atanh", np.arctanh, low=-0.9, high=0.9, answer=FLOAT),
    Case("nan_to_num", np.nan_to_num, kinds=FLOATS),
    Case("signbit", np.signbit, kinds=FLOATS, answer=BOOL, inplace=False, gradient=False),
    Case("isposinf", np.isposinf, kinds=FLOATS, answer=BOOL, inplace=False, gradient=False),
    Case("isneginf", np.isneginf, kinds=FLOATS, answer=BOOL, inplace=False, gradient=False),
    Case("deg2rad", np.deg2rad, answer=FLOAT),
    Case("rad2deg", np.rad2deg, answer=FLOAT),
    Case("sinc", np.sinc, away_from=0, answer=FLOAT),
    Case("logit", special.logit, low=0.1, high=0.9, kinds=FLOATS),
    Case("logit", lambda x, eps: special.logit(np.clip(x, eps, 1 - eps)), low=0, high=1, away_from=0.1, params=(0.1,), kinds=FLOATS, label="logit eps"),
    Case("logical_not", np.logical_not, answer=BOOL, gradient=False),
    Case("isnan", np.isnan, answer=BOOL, inplace=False, out=False, gradient=False),
    Case("isinf", np.isinf, answer=BOOL, inplace=False, out=False, gradient=False),
    Case("isfinite", np.isfinite, answer=BOOL, inplace=False, out=False, gradient=False),
    Case("bitwise_not", np.invert, kinds=WHOLE, gradient=False),
    *[Case("pow", lambda x, p: x ** p, low=0.3, params=(p,), kinds=FLOATS, label=f"pow {p}") for p in (2, 3, 0.5, -1, -0.5, 1, 2.7)],
]

ACTIVATIONS = [
    Case(name, oracle, kinds=FLOATS, module=activation if hasattr(activation, name) else piecewise, method=False, **options)
    for name, oracle, options in [
        ("leaky_relu", lambda x, s=0.01: np.where(x > 0, x, s * x), {"params": (0.1,), "away_from": 0}),
        ("threshold", lambda x, limit, value: np.where(x > limit, x, value), {"params": (0.5, 7.0), "away_from": 0.5}),
        ("elu", elu, {"params": (1.5,), "away_from": 0, "out": False}),
        ("selu", lambda x: elu(x, 1.6732632423543772, 1.0507009873554805), {"away_from": 0, "out": False}),
        ("celu", lambda x, alpha: elu(x, alpha, 1.0, 1 / alpha), {"params": (2.0,), "away_from": 0, "out": False}),
        ("hardtanh", np.clip, {"params": (-1.0, 0.5), "away_from": 1}),
        ("softplus", softplus, {"params": (2.0, 3.0), "away_from": 1.5, "inplace": False}),
        ("gelu", lambda x: x * special.ndtr(x), {"inplace": False, "out": False}),
        ("gelu", gelu_tanh, {"options": {"approximate": "tanh"}, "inplace": False, "out": False, "label": "gelu tanh"}),
        ("silu", lambda x: x * special.expit(x), {}),
        ("mish", lambda x: x * np.tanh(np.log1p(np.exp(x))), {"inplace": False}),
        ("logsigmoid", special.log_expit, {"inplace": False}),
        ("hardsigmoid", lambda x: np.clip(x / 6 + 0.5, 0, 1), {"low": -5, "high": 5, "away_from": 3}),
        ("hardswish", lambda x: x * np.clip(x / 6 + 0.5, 0, 1), {"low": -5, "high": 5, "away_from": 3}),
        ("hardshrink", lambda x, limit: np.where(abs(x) > limit, x, 0), {"params": (0.4,), "away_from": 0.4, "inplace": False}),
        ("softshrink", lambda x, limit: np.sign(x) * np.maximum(abs(x) - limit, 0),
         {"params": (0.4,), "away_from": 0.4, "inplace": False}),
        ("softsign", lambda x: x / (1 + abs(x)), {"away_from": 0, "inplace": False, "out": False}),
        ("tanhshrink", lambda x: x - np.tanh(x), {"inplace": False, "out": False}),
    ]
]

BINARY = [
    Case("add", add, 2),
    Case("add", add, 2, options={"alpha": 3}, kinds=NUMBERS, label="add alpha"),
    Case("sub", np.subtract, 2, kinds=NUMBERS),
    Case("sub", lambda x, y, alpha: x - x.dtype.type(alpha) * y, 2, options={"alpha": 2}, kinds=NUMBERS, label="sub alpha"),
    Case("mul", np.multiply, 2),
    Case("div", np.divide, 2, low=(-2, 0.5), answer=FLOAT),
    Case("floor_divide", np.floor_divide, 2, low=(-9, 1), high=(9, 4), kinds=NUMBERS, gradient=False),
    Case("div", lambda x, y, rounding_mode: truncated(x, y), 2, low=(-9, 1), high=(9, 4), options={"rounding_mode": "trunc"},
         kinds=NUMBERS, gradient=False, label="div trunc"),
    Case("remainder", np.remainder, 2, low=(-9, 1.2), high=(9, 4), kinds=NUMBERS),
    Case("fmod", np.fmod, 2, low=(-9, 1.2), high=(9, 4), kinds=NUMBERS),
    Case("pow", np.power, 2, low=(0.3, -2), kinds=FLOATS, label="pow tensor"),
    Case("pow", np.power, 2, low=(-3, 0), high=(3, 3), kinds=INTEGERS, gradient=False, label="pow integers"),
    Case("atan2", np.arctan2, 2, low=(-2, 0.5), answer=FLOAT),
    Case("logaddexp", np.logaddexp, 2, kinds=FLOATS, inplace=False),
    Case("logaddexp2", np.logaddexp2, 2, kinds=FLOATS, inplace=False),
    Case("copysign", np.copysign, 2, away_from=0, answer=FLOAT, gradient=False),
    Case("hypot", np.hypot, 2, kinds=FLOATS),
    Case("heaviside", np.heaviside, 2, kinds=NUMBERS, gradient=False),
    Case("fmax", np.fmax, 2, inplace=False),
    Case("fmin", np.fmin, 2, inplace=False),
    Case("gcd", np.gcd, 2, low=-20, high=20, kinds=INTEGERS, gradient=False),
    Case("lcm", np.lcm, 2, low=-9, high=9, kinds=INTEGERS, gradient=False),
    Case("nextafter", np.nextafter, 2, kinds=("float64",), gradient=False),
    Case("xlogy", special.xlogy, 2, low=(-2, 0.3), answer=FLOAT),
    Case("ldexp", lambda x, y: x * 2.0 ** y, 2, kinds=FLOATS),
    Case("maximum", np.maximum, 2, inplace=False),
    Case("minimum", np.minimum, 2, inplace=False),
    *[Case(name, oracle, 2, answer=BOOL, gradient=False) for name, oracle in [
        ("eq", np.equal), ("ne", np.not_equal), ("lt", np.less), ("le", np.less_equal), ("gt", np.greater), ("ge", np.greater_equal)]],
    *[Case(name, getattr(np, name), 2, answer=BOOL, gradient=False) for name in ("logical_and", "logical_or", "logical_xor")],
    *[Case(name, getattr(np, name), 2, kinds=WHOLE, gradient=False) for name in ("bitwise_and", "bitwise_or", "bitwise_xor")],
    Case("bitwise_left_shift", np.left_shift, 2, low=0, high=3, kinds=INTEGERS, gradient=False),
    Case("bitwise_right_shift", np.right_shift, 2, low=(-9, 0), high=(9, 3), kinds=INTEGERS, gradient=False),
]

TERNARY = [
    Case("lerp", lambda x, y, w: x + w * (y - x), 3, kinds=FLOATS, low=(-2, -2, -0.4), high=(2, 2, 1.4)),
    Case("lerp", lambda x, y, w: x + w * (y - x), 2, kinds=FLOATS, params=(0.7,), label="lerp number"),
    Case("addcmul", lambda x, y, z, value: x + x.dtype.type(value) * y * z, 3, options={"value": 2}, kinds=NUMBERS),
    Case("addcdiv", lambda x, y, z, value: x + value * y / z, 3, low=(-2, -2, 0.5), options={"value": 0.5}, kinds=FLOATS),
]

POINTWISE = [*UNARY, *ACTIVATIONS, *BINARY, *TERNARY]
MODULES = (arithmetic, division, exponential, trigonometry)       # whose operations all have a row here
