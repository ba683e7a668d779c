"""Kernels of the CPU, one topic a file."""
import importlib

TOPICS: tuple[str, ...] = ()


def load() -> None:
    """Import every topic, so that its kernels enter the table."""
    for topic in TOPICS:
        importlib.import_module(f"{__name__}.{topic}")
