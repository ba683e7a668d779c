"""Datasets, the order they are read in, and batches."""
# ruff: noqa: F401, I001  re-exports only, in the order of the topics
from .dataset import ChainDataset, ConcatDataset, Dataset, IterableDataset, StackDataset, Subset, TensorDataset, random_split
from .sampler import BatchSampler, RandomSampler, Sampler, SequentialSampler, SubsetRandomSampler, WeightedRandomSampler
from .collate import default_collate, default_convert
from .dataloader import DataLoader
