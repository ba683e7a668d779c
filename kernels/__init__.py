"""Loops over arrays: the arithmetic of nb_nn, usable without its Tensor.

Importing this package compiles nothing and does not even import Numba; kernels are built at their first use.
"""
