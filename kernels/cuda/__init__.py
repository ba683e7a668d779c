"""Kernels of CUDA: the file names, kernel names and parameters of ``cpu/``, one thread an element of the output."""
import importlib

TOPICS: tuple[str, ...] = (
    "convolution", "counting", "ctc", "distance", "embedding_bag", "fold", "grid_sampling", "indexing", "lapack", "layer_normalization",
    "linear", "loss", "loss_margin", "matmul", "normalization", "norms_of_neighbours", "optimizer", "places", "pooling", "random",
    "recurrent", "reduction", "resampling", "small_matrices", "softmax", "sorting", "sparse", "spectral", "windows")


def load() -> None:
    """Import every topic, so that its kernels enter the table."""
    for topic in TOPICS:
        importlib.import_module(f"{__name__}.{topic}")
