"""The version as a text that compares by its numbers."""
from __future__ import annotations

import itertools
import re
from typing import Any

from .version import __version__ as _own


def numbers(version: Any) -> tuple[int, ...]:
    """The numbers a version begins with: of "1.10.2a" 1, 10 and 2."""
    if isinstance(version, str):
        found = re.match(r"\d+(\.\d+)*", version)
        if found is None:
            raise ValueError(f"{version!r} is no version: it does not begin with a number")
        return tuple(int(one) for one in found.group().split("."))
    return tuple(int(one) for one in version)


class TorchVersion(str):
    """A version that compares with others, given as text or as numbers, by number: "1.10" comes after "1.9".

    >>> TorchVersion = torch.torch_version.TorchVersion
    >>> TorchVersion("1.10.0") >= (1, 9), TorchVersion("1.10.0") > "1.9"
    (True, True)
    """

    __slots__ = ()

    def _compared(self, other: Any) -> int:
        pairs = itertools.zip_longest(numbers(self), numbers(other), fillvalue=0)
        return next((1 if a > b else -1 for a, b in pairs if a != b), 0)

    def __eq__(self, other: Any) -> bool:
        try:
            return self._compared(other) == 0
        except (TypeError, ValueError):
            return False

    def __ne__(self, other: Any) -> bool:
        return not self == other

    def __lt__(self, other: Any) -> bool:
        return self._compared(other) < 0

    def __le__(self, other: Any) -> bool:
        return self._compared(other) <= 0

    def __gt__(self, other: Any) -> bool:
        return self._compared(other) > 0

    def __ge__(self, other: Any) -> bool:
        return self._compared(other) >= 0

    __hash__ = str.__hash__


__version__ = TorchVersion(_own)
