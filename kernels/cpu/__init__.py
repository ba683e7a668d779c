"""Kernels of the CPU, one topic a file."""
import importlib

TOPICS: tuple[str, ...] = ("linear", "sorting", "softmax", "scan", "pooling", "optimizer", "normalization", "layer_normalization", "loss", "indexing", "reduction", "convolution", "matmul", "random", "recurrent", "fold", "resampling", "small_matrices", "lapack")


def load() -> None:
    """Import every topic, so that its kernels enter the table."""
    for topic in TOPICS:
        importlib.import_module(f"{__name__}.{topic}")
