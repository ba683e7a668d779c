"""Named tuples that print as torch prints them."""
from __future__ import annotations

from collections import namedtuple

TYPES: dict[str, type] = {}         # the members of nb_nn.return_types


def result_type(name: str, *fields: str) -> type:
    """A named tuple type whose repr is ``torch.return_types.NAME(...)``.

    >>> from nb_nn.core.results import result_type
    >>> result_type("extremes", "values", "indices")(1, 2)
    torch.return_types.extremes(
    values=1,
    indices=2)
    """
    base = namedtuple(name, fields)

    def __repr__(self) -> str:
        return f"torch.return_types.{name}(\n" + ",\n".join(f"{field}={value!r}" for field, value in zip(fields, self)) + ")"

    doc = f"What `{name}` gives: a tuple of {' and '.join((', '.join(fields[:-1]), fields[-1]))}, by these names, too."
    TYPES[name] = made = type(name, (base,), {"__slots__": (), "__repr__": __repr__, "__module__": "nb_nn.return_types", "__doc__": doc})
    return made
