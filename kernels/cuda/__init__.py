"""Kernels of CUDA: the file names, kernel names and parameters of ``cpu/``, one thread an element of the output."""
import importlib

TOPICS: tuple[str, ...] = (
    "convolution", "fold", "indexing", "layer_normalization", "linear", "loss", "matmul", "normalization", "optimizer", "pooling",
    "random", "softmax")


def load() -> None:
    """Import every topic, so that its kernels enter the table."""
    for topic in TOPICS:
        importlib.import_module(f"{__name__}.{topic}")
