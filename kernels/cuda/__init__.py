"""Kernels of CUDA: the file names, kernel names and parameters of ``cpu/``, one thread an element of the output."""
import importlib

TOPICS: tuple[str, ...] = (
    "convolution", "distance", "embedding_bag", "fold", "indexing", "layer_normalization", "linear", "loss", "loss_margin", "matmul",
    "normalization", "norms_of_neighbours", "optimizer", "pooling", "random", "recurrent", "reduction", "softmax")


def load() -> None:
    """Import every topic, so that its kernels enter the table."""
    for topic in TOPICS:
        importlib.import_module(f"{__name__}.{topic}")
