"""Compiled kernels on disk: one file a specialisation, named by a digest of all that determines it.

A file is written beside its name and moved there, so that processes may share a directory, and a killed one leaves
nothing half-written. A file that cannot be read is compiled anew.
"""
from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import pickle
import platform
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any


@functools.cache
def directory() -> Path | None:
    """Where kernels are kept: ``NB_NN_CACHE_DIR``, else ``NUMBA_CACHE_DIR``, else the user's cache, else a temporary
    folder; None where nothing can be written."""
    candidates = [os.environ.get("NB_NN_CACHE_DIR"), os.environ.get("NUMBA_CACHE_DIR")]
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    user = str(os.getuid()) if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")
    candidates += [os.path.join(home, "nb_nn"), os.path.join(tempfile.gettempdir(), f"nb_nn-{user}")]
    for candidate in candidates:
        if candidate and not candidate.startswith("~"):
            try:
                os.makedirs(candidate, mode=0o700, exist_ok=True)
                if hasattr(os, "getuid") and os.stat(candidate).st_uid not in (os.getuid(), 0):
                    continue    # a file of kernels is code: never run one that another user could have written
                tempfile.TemporaryFile(dir=candidate).close()
                return Path(candidate)
            except OSError:
                continue
    return None


def size() -> tuple[int, int]:
    """Number of cached kernels and their bytes."""
    files = list(directory().glob("*.nbc")) if directory() else []
    return len(files), sum(file.stat().st_size for file in files)


@functools.cache
def sources_digest() -> bytes:
    """Digest of every kernel source and of the versions that compile it: an edit of a formula recompiles its loops."""
    import llvmlite
    import numba

    digest = hashlib.sha256(f"{numba.__version__} {llvmlite.__version__} {platform.python_version()}".encode())
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        if "cuda" not in path.parts:
            digest.update(path.name.encode() + path.read_bytes())
    return digest.digest()


def function_digest(function: Callable) -> bytes:
    """Digest of a function's code, of the source file it stands in, and of the functions it closes over."""
    digest = hashlib.sha256(function.__code__.co_code + repr(_constants(function.__code__)).encode())
    with contextlib.suppress(OSError):          # typed at a prompt
        digest.update(Path(function.__code__.co_filename).read_bytes())
    for cell in function.__closure__ or ():
        inner = cell.cell_contents
        digest.update(function_digest(inner) if hasattr(inner, "__code__") else repr(inner).encode())
    return digest.digest()


def _constants(code: Any) -> list:
    """A code object's constants and names, nested code included, free of memory addresses."""
    return [code.co_names] + [_constants(value) if hasattr(value, "co_code") else value for value in code.co_consts]


class DiskCache:
    """Stands in for the cache of one Numba dispatcher (the methods are those Numba calls)."""

    def __init__(self, name: str, function: Callable, options: Any):
        self.name = name
        self.key = hashlib.sha256(sources_digest() + function_digest(function) + repr(options).encode()).digest()

    @property
    def cache_path(self) -> str:
        return str(directory())

    def _path(self, signature: Any, context: Any) -> Path | None:
        if directory() is None:
            return None
        told = self.key + repr((str(signature), context.codegen().magic_tuple())).encode()
        return directory() / f"{self.name}-{hashlib.sha256(told).hexdigest()[:32]}.nbc"

    def load_overload(self, signature: Any, target_context: Any) -> Any:
        """The compiled specialisation, or None."""
        from numba.core.compiler import CompileResult

        target_context.refresh()
        path = self._path(signature, target_context)
        try:
            return CompileResult._rebuild(target_context, *pickle.loads(path.read_bytes()))
        except Exception:       # absent, cut short, or of another build: compile anew
            return None

    def save_overload(self, signature: Any, result: Any) -> None:
        """Keep a compiled specialisation; a full or read-only disk is no error."""
        from numba.core.serialize import dumps

        path = self._path(signature, result.target_context)
        if path is None or result.library.has_dynamic_globals:
            return
        try:
            with tempfile.NamedTemporaryFile(dir=path.parent, prefix=self.name, suffix=".tmp", delete=False) as file:
                file.write(dumps(result._reduce()))
            os.replace(file.name, path)
        except OSError:
            if "file" in locals():
                Path(file.name).unlink(missing_ok=True)

    def enable(self) -> None:
        """Numba asks for it; this cache is always on."""

    disable = flush = enable
