"""Sparse tensors: coordinates and values (see core/sparse_array.py).

`parts` holds the few operations with a derivative of their own; all else composes them and operations on the strided values.
"""
