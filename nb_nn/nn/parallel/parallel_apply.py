"""Several modules at once, a thread each."""
from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ...autograd.grad_mode import is_grad_enabled, set_grad_enabled
from ..modules.module import Module


def parallel_apply(modules: Sequence[Module], inputs: Sequence[Any], kwargs_tup: Sequence[dict] | None = None,
                   devices: Sequence[Any] | None = None) -> list:
    """Call each module with its inputs (a tuple of arguments, or one), at the same time; the results in order.

    What a module raises is raised, with a note that says which of them it was.

    >>> torch.nn.parallel.parallel_apply([torch.nn.ReLU(), torch.nn.Identity()], [tensor([-1.0]), tensor([-2.0])])
    [tensor([0.]), tensor([-2.])]
    """
    named = [{} for _ in modules] if kwargs_tup is None else kwargs_tup
    for what, given in (("inputs", inputs), ("kwargs_tup", named), ("devices", devices)):
        if given is not None and len(given) != len(modules):
            raise AssertionError(f"parallel_apply: the number of modules {len(modules)} is not equal to the number of {what} {len(given)}")
    recording = is_grad_enabled()

    def call(number: int) -> Any:
        given = inputs[number] if isinstance(inputs[number], (tuple, list)) else (inputs[number],)
        try:
            with set_grad_enabled(recording):
                return modules[number](*given, **named[number])
        except Exception as error:
            where = "" if devices is None else f" on device {devices[number]}"
            if hasattr(error, "add_note"):          # Python 3.11
                error.add_note(f"raised by replica {number}{where}")
            raise

    if len(modules) == 1:
        return [call(0)]
    with ThreadPoolExecutor(max(1, len(modules)), "parallel_apply") as pool:
        return list(pool.map(call, range(len(modules))))
