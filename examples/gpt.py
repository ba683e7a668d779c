"""A small GPT: a transformer that learns to go on with text, one character at a time, and writes a sonnet.

    python examples/gpt.py
    python examples/gpt.py --quick

Learns from 34 sonnets of Shakespeare (included); text it wrote goes to digits-out/gpt.txt. Each character attends to those in
front of it only. (Radford et al. 2018)
"""
from common import Text, options, text_example

import nb_nn as torch
from nb_nn import nn


class GPT(nn.Module):
    """Numbers of characters (N, T) -> scores of the next ones (N, T, characters); T is at most ``length``."""

    def __init__(self, characters, size, heads, layers, length):
        super().__init__()
        self.embedding = nn.Embedding(characters, size)
        self.places = nn.Parameter(0.02 * torch.randn(length, size))
        layer = nn.TransformerEncoderLayer(size, heads, 4 * size, 0.1, "gelu", batch_first=True, norm_first=True)
        self.layers = nn.TransformerEncoder(layer, layers, nn.LayerNorm(size))
        self.scores = nn.Linear(size, characters)
        self.register_buffer("mask", nn.Transformer.generate_square_subsequent_mask(length))

    def forward(self, numbers):
        length = numbers.shape[1]
        x = self.embedding(numbers) + self.places[:length]
        return self.scores(self.layers(x, self.mask[:length, :length], is_causal=True))


def main(words=None):
    chosen = options(__doc__.split("\n")[0], words, epochs=30, learning_rate=2e-3, size=128, heads=4, layers=3, length=96)
    text = Text(chosen.length)
    model = GPT(len(text.characters), chosen.size, chosen.heads, chosen.layers, chosen.length)
    return text_example(chosen, text, model, model, "gpt")


if __name__ == "__main__":
    main()
