"""nb_nn against PyTorch, two threads, one process: ``python benchmarks/run.py [--only GROUP] [--json FILE]``.

Needs ``pip install torch`` beside nb_nn. Columns: nb_nn, PyTorch, ratio (less than 1: nb_nn is faster).
"""
from __future__ import annotations

import argparse
import sys

import complex_cases
import convolution_cases
import few_cases
import foundation_cases
import half_cases
import later_cases
import library_cases
import models_cases
import names_cases
import products_cases
import recurrent_cases
import sparse_cases
import speed_cases
import standard_cases
import torch
import zoo_cases
from compare import report

import nb_nn

CASES = (foundation_cases, library_cases, later_cases, complex_cases, sparse_cases, convolution_cases, zoo_cases, recurrent_cases,
         models_cases, products_cases, speed_cases, standard_cases, few_cases, names_cases, half_cases)
GROUPS = {group.__name__: group for cases in CASES for group in cases.GROUPS}
LIMITS = {name: limits for cases in CASES for name, limits in cases.LIMITS.items()}


def main() -> int:
    """Run the groups, print the table, and answer 1 if a limit does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", choices=sorted(GROUPS))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    nb_nn.set_num_threads(options.threads)
    rows = []
    for name in options.only or GROUPS:
        for row in GROUPS[name]():
            rows.append(row)
            print(f"{row.group}: {row.name}: {row.ratio:.2f}", file=sys.stderr, flush=True)
    return 0 if report(rows, LIMITS, options.json) else 1


if __name__ == "__main__":
    sys.exit(main())
