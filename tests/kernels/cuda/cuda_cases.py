"""One call of each kernel of CUDA, as a row: the kernel, its arguments, and how many of them, the last, it writes.

``LIBRARY_CASES`` call CuPy, too, which `cupy_double` plays where there is none.
"""
from __future__ import annotations

import cases_indexing
import cases_layers
import cases_loops
import cases_matrices
import cases_windows

CASES = [*cases_loops.maps(), *cases_loops.reductions(), *cases_loops.extremes(), *cases_loops.scans(),
         *cases_windows.pooling(), *cases_windows.windows(), *cases_windows.window_columns(), *cases_windows.boxes(), *cases_windows.resamplings(),
         *cases_layers.softmaxes(), *cases_layers.losses(), *cases_layers.steps(), *cases_layers.norms(), *cases_layers.recurrent(),
         *cases_layers.rows_and_neighbours(), *cases_layers.bags(), *cases_layers.alignments(),
         *cases_indexing.indexings(), *cases_indexing.masks(), *cases_indexing.places(), *cases_indexing.counts(), *cases_indexing.random(),
         *cases_matrices.small_matrices(), *cases_matrices.sparse()]
LIBRARY_CASES = [*cases_indexing.sorts(), *cases_matrices.transforms(), *cases_matrices.decompositions(), *cases_matrices.sparse_with_libraries()]
