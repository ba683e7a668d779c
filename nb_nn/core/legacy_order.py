"""The argument order of torch 0.x, which 1.0 still documents: the factors come before the tensors they scale."""
from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from .scalars import NUMBERS


def factor_first(function: Callable, tensors: int, factor: str) -> Callable:
    """``function`` that also takes ``f(input, number, *tensors)`` for ``f(input, *tensors, factor=number)``."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if len(args) == tensors + 2 and isinstance(args[1], NUMBERS):
            return function(args[0], *args[2:], **{factor: args[1]}, **kwargs)
        return function(*args, **kwargs)

    return call


def factors_first(function: Callable) -> Callable:
    """``function`` of an added tensor and a product that also takes ``f(beta, input, alpha, a, b)``, ``f(beta, input, a, b)``, and as
    a method ``input.f(beta, alpha, a, b)``, ``input.f(beta, a, b)``."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if len(args) > 3:
            numbers = [one for one in args if isinstance(one, NUMBERS)]
            if numbers and len(numbers) <= 2:
                kwargs.update(zip(("beta", "alpha"), numbers))
                args = tuple([one for one in args if not isinstance(one, NUMBERS)])
        return function(*args, **kwargs)

    return call
