"""Losses of sequences, bags of rows, and recurrent layers, beside PyTorch's."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from compare import Row, compare

import nb_nn


def ctc() -> Iterator[Row]:
    """The loss of sequences of labels, forward and backward through its log_softmax."""
    random = np.random.default_rng(0)
    for steps, batch, classes, longest in ((50, 16, 30, 15), (100, 32, 60, 25), (200, 32, 80, 50)):
        scores = random.standard_normal((steps, batch, classes), np.float32)
        targets, lengths = random.integers(1, classes, (batch, longest)), random.integers(longest // 2, longest + 1, batch)
        runs = []
        for library in (nb_nn, torch):
            x, wanted = library.tensor(scores).requires_grad_(), library.tensor(targets)
            taken, own = library.full((batch,), steps, dtype=library.long), library.tensor(lengths)

            def run(library=library, x=x, wanted=wanted, taken=taken, own=own):
                x.grad = None
                loss = library.nn.functional.ctc_loss(x.log_softmax(2), wanted, taken, own)
                loss.backward()
                return loss, x.grad
            runs.append(run)
        yield compare("recurrent", f"ctc {steps}x{batch}x{classes}, targets up to {longest}", *runs)


def embedding_bag() -> Iterator[Row]:
    """Bags of rows, forward and backward."""
    random = np.random.default_rng(0)
    for rows, width, bags, size, mode in ((10000, 64, 512, 20, "sum"), (10000, 64, 512, 20, "mean"), (10000, 128, 256, 50, "max"),
                                          (100000, 32, 2048, 10, "sum")):
        table, index = random.standard_normal((rows, width), np.float32), random.integers(0, rows, bags * size)
        runs = []
        for library in (nb_nn, torch):
            weight, places = library.tensor(table).requires_grad_(), library.tensor(index)
            offsets = library.arange(0, bags * size, size)

            def run(library=library, weight=weight, places=places, offsets=offsets, mode=mode):
                weight.grad = None
                result = library.nn.functional.embedding_bag(places, weight, offsets, mode=mode)
                result.sum().backward()
                return result, weight.grad
            runs.append(run)
        yield compare("recurrent", f"embedding_bag {mode} {rows}x{width}, {bags} bags of {size}", *runs)


def recurrent_layers() -> Iterator[Row]:
    """Recurrent layers, forward and backward."""
    random = np.random.default_rng(0)
    for kind in ("LSTM", "GRU", "RNN"):
        for steps, batch, size in ((200, 1, 32), (200, 1, 64), (200, 1, 128), (50, 32, 64), (50, 32, 128), (50, 32, 256)):
            if kind == "RNN" and batch > 1:
                continue
            given, runs = random.standard_normal((steps, batch, size), np.float32), []
            state = getattr(torch.nn, kind)(size, size).state_dict()
            for library in (nb_nn, torch):
                module, x = getattr(library.nn, kind)(size, size), library.tensor(given).requires_grad_()
                module.load_state_dict({name: library.tensor(value.numpy()) for name, value in state.items()})

                def run(module=module, x=x):
                    x.grad = None
                    module.zero_grad()
                    result = module(x)[0]
                    result.sum().backward()
                    return result, x.grad, module.weight_hh_l0.grad
                runs.append(run)
            yield compare("recurrent", f"{kind} {steps} steps, batch {batch}, hidden {size}", *runs)


def language_model() -> Iterator[Row]:
    """A training step of a language model: embedding, two layers of LSTM, a softmax over words; 35 steps of 20 sequences, hidden 200."""
    random, words = np.random.default_rng(0), 2000
    text = random.integers(0, words, (36, 20))
    runs = []
    for library in (nb_nn, torch):
        nn = library.nn
        table, layers, last = nn.Embedding(words, 200), nn.LSTM(200, 200, 2), nn.Linear(200, words)
        optimizer = library.optim.SGD([p for module in (table, layers, last) for p in module.parameters()], lr=1e-3)
        given, wanted = library.tensor(text[:-1]), library.tensor(text[1:].reshape(-1))

        def step(library=library, table=table, layers=layers, last=last, optimizer=optimizer, given=given, wanted=wanted):
            optimizer.zero_grad()
            loss = library.nn.functional.cross_entropy(last(layers(table(given))[0]).view(-1, words), wanted)
            loss.backward()
            optimizer.step()
        runs.append(step)
    yield compare("recurrent", "LSTM language model, a step", *runs, agree=None)


GROUPS = (ctc, embedding_bag, recurrent_layers, language_model)
LIMITS = {"recurrent": (1.0, 2.0)}
