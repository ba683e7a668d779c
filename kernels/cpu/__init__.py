"""Kernels of the CPU, one topic a file."""
import importlib

TOPICS = (
    "attention", "convolution", "counting", "ctc", "distance", "embedding_bag", "fold", "grid_sampling", "indexing", "lapack",
    "layer_normalization", "linear", "loss", "loss_margin", "matmul", "normalization", "norms_of_neighbours", "optimizer", "places",
    "pooling", "random", "recurrent", "reduction", "resampling", "scan", "segments", "small_matrices", "softmax", "sorting",
    "sparse", "spectral", "symmetric", "windows",
)


def load() -> None:
    """Import every topic, so that its kernels enter the table."""
    for topic in TOPICS:
        importlib.import_module(f"{__name__}.{topic}")
