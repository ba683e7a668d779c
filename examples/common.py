"""What the examples share: their data, options, a training loop with a progress bar, and pictures without further packages."""
import argparse
import pathlib
import struct
import time
import zlib

import numpy as np
from digits import included_digits, progress

import nb_nn as torch
from nb_nn.utils.data import DataLoader

SONNETS = pathlib.Path(__file__).parent / "data" / "sonnets.txt"
__all__ = ["DataLoader", "Text", "included_digits", "options", "progress", "sample_text", "text_example", "train", "write_png"]


def options(description, words=None, **defaults):
    """Options of an example: --quick and those of ``defaults`` (epochs=3 becomes --epochs 3), with the random numbers started."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help="a few steps only, to see that it works")
    for name, value in {"epochs": 10, "batch_size": 32, "learning_rate": 1e-3, "seed": 0, **defaults}.items():
        parser.add_argument("--" + name.replace("_", "-"), type=type(value), default=value, help=f"({value})")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("digits-out"), help="where results go (digits-out)")
    chosen = parser.parse_args(words)
    chosen.steps = 12 if chosen.quick else None
    chosen.epochs = 1 if chosen.quick else chosen.epochs
    chosen.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(chosen.seed)
    return chosen


def train(chosen, batches, step, after=None):
    """Call ``step(*batch)``, which learns from a batch and returns its loss, for all epochs; the losses of all steps."""
    losses, begun = [], time.perf_counter()
    try:
        for epoch in range(1, chosen.epochs + 1):
            first = len(losses)
            for done, batch in enumerate(progress(batches, f"epoch {epoch}"), 1):
                losses.append(step(*batch))
                if done == chosen.steps:
                    break
            note = "" if after is None else f"   {after()}"
            print(f"epoch {epoch:2}/{chosen.epochs}   loss {np.mean(losses[first:]):.4f}{note}", flush=True)
    except KeyboardInterrupt:
        print("\nstopped; going on with what it has learnt so far")
    print(f"{len(losses)} steps in {time.perf_counter() - begun:.1f} s")
    return losses


# ---- text --------------------------------------------------------------------------------------------------------------

class Text(torch.utils.data.Dataset):
    """The sonnets as numbers of characters: pieces of ``length``, and the same one character further."""

    def __init__(self, length):
        written = SONNETS.read_text(encoding="utf-8")
        self.characters = sorted(set(written))
        self.number = {character: number for number, character in enumerate(self.characters)}
        self.length, self.whole = length, self.encode(written)

    def encode(self, words):
        return torch.tensor([self.number[character] for character in words])

    def decode(self, numbers):
        return "".join(self.characters[number] for number in numbers)

    def __len__(self):
        return 4 * ((len(self.whole) - 1) // self.length)       # pieces begin at four phases

    def __getitem__(self, index):
        start = min(index * self.length // 4, len(self.whole) - self.length - 1)
        return self.whole[start:start + self.length], self.whole[start + 1:start + self.length + 1]


def sample_text(text, scores, begin="Shall I ", count=300, temperature=0.7):
    """Text that goes on from ``begin``: ``scores(numbers)`` are those of the next character (characters,)."""
    numbers = text.encode(begin).tolist()
    with torch.no_grad():
        for _ in range(count):
            shares = torch.softmax(scores(torch.tensor(numbers)) / temperature, 0)
            numbers.append(torch.multinomial(shares, 1).item())
    return text.decode(numbers)


def text_example(chosen, text, model, predict, name):
    """Teach a model, whose ``predict(numbers (N, T))`` are scores (N, T, characters), to go on with text; the losses."""
    weights = sum(one.numel() for one in model.parameters())
    print(f"{len(text.whole):,} characters, {len(text.characters)} different ones; {weights:,} weights")
    optimizer = torch.optim.Adam(model.parameters(), lr=chosen.learning_rate)

    def step(given, wanted):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(predict(given).flatten(0, 1), wanted.flatten())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        return loss.item()

    losses = train(chosen, DataLoader(text, batch_size=chosen.batch_size, shuffle=True, drop_last=True), step)
    model.eval()
    written = sample_text(text, lambda numbers: predict(numbers[-text.length:].unsqueeze(0))[0, -1], count=40 if chosen.quick else 400)
    (chosen.out / f"{name}.txt").write_text(written + "\n", encoding="utf-8")
    print(f"\n{written}\n\n({chosen.out / name}.txt)")
    return losses


# ---- pictures ----------------------------------------------------------------------------------------------------------

def write_png(path, images, columns=10, enlarge=6):
    """Images (N, 1, height, width) from 0 (white) to 1 (black) side by side, as a PNG file."""
    pixels = images.detach().numpy()[:, 0]
    pixels = pixels[:len(pixels) // columns * columns]
    rows, (_, height, width) = len(pixels) // columns, pixels.shape
    sheet = np.pad(pixels.clip(0, 1).reshape(rows, columns, height, width), ((0, 0), (0, 0), (0, 1), (0, 1)))
    sheet = sheet.transpose(0, 2, 1, 3).reshape(rows * (height + 1), columns * (width + 1))
    sheet = np.kron(255 - (255 * sheet).astype(np.uint8), np.ones((enlarge, enlarge), np.uint8))

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    lines = b"".join(b"\0" + line.tobytes() for line in sheet)      # 0: no filter
    head = struct.pack(">2I5B", sheet.shape[1], sheet.shape[0], 8, 0, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b""))
    print(f"{path}: a picture")
