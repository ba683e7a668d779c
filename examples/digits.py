"""Teach a small convolutional network to read handwritten digits.

    python examples/digits.py                    # 1,797 images of 8 x 8 pixels, included
    python examples/digits.py --idx DIRECTORY    # MNIST, or anything in its file format

Trains with a progress bar, tests on images it has not seen, saves a checkpoint, reads it back and checks that it predicts
the same, and draws some digits with its predictions.
"""
import argparse
import gzip
import math
import pathlib
import sys
import time

import numpy as np

import nb_nn as torch
from nb_nn import nn
from nb_nn.utils.data import DataLoader, TensorDataset

INCLUDED = pathlib.Path(__file__).parent / "data" / "digits.csv.gz"


# ---- data --------------------------------------------------------------------------------------------------------------

def included_digits():
    """Images (N, 1, 8, 8) from 0 to 1 and labels (N,), to learn from and to test on: every fifth image is for the test."""
    table = np.loadtxt(INCLUDED, delimiter=",", dtype=np.uint8)
    images, labels = as_tensors(table[:, :-1].reshape(-1, 8, 8), table[:, -1], brightest=16)
    test = torch.arange(len(labels)) % 5 == 0
    return TensorDataset(images[~test], labels[~test]), TensorDataset(images[test], labels[test])


def idx_digits(folder):
    """The same from the four files of MNIST, compressed or not."""
    return tuple(TensorDataset(*as_tensors(read_idx(folder, f"{part}-images-idx3-ubyte", 3),
                                           read_idx(folder, f"{part}-labels-idx1-ubyte", 1), brightest=255))
                 for part in ("train", "t10k"))


def read_idx(folder, name, dimensions):
    """An array from an IDX file: two zeros, 8 for bytes, the number of dimensions, their sizes, then the values."""
    path = next((path for path in (folder / name, folder / f"{name}.gz") if path.is_file()), None)
    if path is None:
        raise SystemExit(f"{folder} contains neither {name} nor {name}.gz")
    with gzip.open(path) if path.suffix == ".gz" else open(path, "rb") as file:
        content = file.read()
    start = 4 + 4 * dimensions
    sizes = np.frombuffer(content[4:start].ljust(start - 4, b"\0"), ">u4").tolist()
    if content[:4] != bytes([0, 0, 8, dimensions]) or len(content) != start + math.prod(sizes):
        raise SystemExit(f"{path} is not an IDX file of bytes in {dimensions} dimensions, or not complete")
    return np.frombuffer(content, np.uint8, offset=start).reshape(sizes)


def as_tensors(pixels, labels, brightest):
    images = torch.from_numpy(pixels.astype(np.float32) / brightest).unsqueeze(1)
    return images, torch.from_numpy(labels.astype(np.int64))


# ---- network -----------------------------------------------------------------------------------------------------------

def convolution(channels, filters):
    return nn.Conv2d(channels, filters, 3, padding=1), nn.BatchNorm2d(filters), nn.ReLU()


class Reader(nn.Module):
    """Three convolutions and one linear layer: (N, 1, height, width) -> a score for each of ten digits (N, 10)."""

    def __init__(self, height, width):
        super().__init__()
        self.layers = nn.Sequential(
            *convolution(1, 16),
            *convolution(16, 32), nn.MaxPool2d(2),
            *convolution(32, 64), nn.MaxPool2d(2),
            nn.Flatten(), nn.Dropout(0.3), nn.Linear(64 * (height // 4) * (width // 4), 10))

    def forward(self, images):
        return self.layers(images)


def train_epoch(model, batches, optimizer):
    """One pass over the data; the mean loss."""
    model.train()
    criterion, total, count = nn.CrossEntropyLoss(), 0.0, 0
    for images, labels in batches:
        optimizer.zero_grad()
        loss = criterion(model(images), labels)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(labels)
        count += len(labels)
    return total / count


def predict(model, images):
    """The digit in each image (N,)."""
    model.eval()
    with torch.no_grad():
        return torch.cat([model(part).argmax(1) for part in images.split(1000)])


def accuracy(model, dataset):
    images, labels = dataset.tensors
    return (predict(model, images) == labels).float().mean().item()


# ---- what the user sees ------------------------------------------------------------------------------------------------

def progress(batches, title):
    """The batches, with a bar that shows how many are done: tqdm's where installed."""
    try:
        from tqdm import tqdm
    except ImportError:
        return plain_progress(batches, title)
    return tqdm(batches, desc=title, unit="batch", leave=False, disable=None)


def plain_progress(batches, title):
    visible = sys.stderr.isatty()
    for done, batch in enumerate(batches, 1):
        yield batch
        if visible:
            bar = ("#" * (30 * done // len(batches))).ljust(30, ".")
            print(f"\r{title} [{bar}] {done}/{len(batches)}", end="", file=sys.stderr)
    if visible:
        print("\r" + " " * (len(title) + 50) + "\r", end="", file=sys.stderr)


def draw(path, dataset, predicted, rows=4, columns=10):
    """A picture of test images with predictions, mistakes first and in red; False where matplotlib is not installed."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return False
    images, labels = dataset.tensors
    wrong = (predicted != labels).numpy()
    order = np.argsort(~wrong, kind="stable")[:rows * columns]
    figure = Figure(figsize=(columns, 1.25 * rows), layout="tight")
    for axes, index in zip(figure.subplots(rows, columns).flat, order):
        axes.imshow(images[int(index), 0].numpy(), cmap="gray_r")
        note = f"{predicted[int(index)].item()}" + (f", is {labels[int(index)].item()}" if wrong[index] else "")
        axes.set_title(note, color="red" if wrong[index] else "black", fontsize=10)
    for axes in figure.axes:
        axes.set_axis_off()
    figure.savefig(path, dpi=100)
    return True


def arguments(words):
    parser = argparse.ArgumentParser(description="Teach a small convolutional network to read handwritten digits.")
    parser.add_argument("--idx", type=pathlib.Path, metavar="DIR", help="learn from the MNIST-format files in this directory")
    parser.add_argument("--epochs", type=int, default=20, help="passes over the data (20)")
    parser.add_argument("--batch-size", type=int, default=32, help="images a step (32)")
    parser.add_argument("--learning-rate", type=float, default=3e-3, help="size of the first steps; it falls to zero (0.003)")
    parser.add_argument("--seed", type=int, default=0, help="start of the random numbers (0)")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("digits-out"), metavar="DIR",
                        help="where checkpoint and picture go (digits-out)")
    return parser.parse_args(words)


def main(words=None):
    options = arguments(words)
    options.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(options.seed)
    learn, test = idx_digits(options.idx) if options.idx else included_digits()
    size = tuple(learn.tensors[0].shape[2:])
    model = Reader(*size)
    print(f"{len(learn):,} images of {size[0]} x {size[1]} pixels to learn from, {len(test):,} to test on; "
          f"{sum(weights.numel() for weights in model.parameters()):,} weights")

    optimizer = torch.optim.Adam(model.parameters(), lr=options.learning_rate)
    batches = DataLoader(learn, batch_size=options.batch_size, shuffle=True)
    begun = time.perf_counter()
    try:
        for epoch in range(1, options.epochs + 1):
            for group in optimizer.param_groups:        # half a cosine, from the first learning rate to nearly zero
                group["lr"] = options.learning_rate * (0.5 + 0.5 * math.cos(math.pi * (epoch - 1) / options.epochs))
            loss = train_epoch(model, progress(batches, f"epoch {epoch}"), optimizer)
            print(f"epoch {epoch:2}/{options.epochs}   loss {loss:.4f}   test accuracy {accuracy(model, test):6.2%}", flush=True)
    except KeyboardInterrupt:
        print("\nstopped; going on with what it has learnt so far")
    seconds = time.perf_counter() - begun

    predicted = predict(model, test.tensors[0])
    right = (predicted == test.tensors[1]).sum().item()
    print(f"\n{right} of {len(test)} test images read correctly ({right / len(test):.2%}), after {seconds:.1f} s of learning")

    checkpoint = options.out / "digits.pt"
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "size": size}, checkpoint)
    saved = torch.load(checkpoint)
    again = Reader(*saved["size"])
    again.load_state_dict(saved["model"])
    if not torch.equal(predict(again, test.tensors[0]), predicted):
        raise SystemExit(f"{checkpoint}: the network that was read back predicts differently from the one that was saved")
    print(f"{checkpoint}: saved, read back, predicts the same")

    picture = options.out / "digits.png"
    if draw(picture, test, predicted):
        print(f"{picture}: some of the digits with what was read, mistakes first")
    else:
        print("for a picture of the digits, install matplotlib (pip install matplotlib)")
    return right / len(test)


if __name__ == "__main__":
    main()
