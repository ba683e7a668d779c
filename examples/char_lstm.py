"""Teach an LSTM to write sonnets, character by character, and let it write.

    python examples/char_lstm.py
    python examples/char_lstm.py --quick

Learns from 34 sonnets of Shakespeare (included). Text it wrote goes to digits-out/char_lstm.txt. (After Karpathy 2015, "The
Unreasonable Effectiveness of Recurrent Neural Networks")
"""
from common import Text, options, text_example

from nb_nn import nn


class Writer(nn.Module):
    """Numbers of characters (N, T) -> scores of the next ones (N, T, characters)."""

    def __init__(self, characters, size):
        super().__init__()
        self.embedding = nn.Embedding(characters, 64)
        self.lstm = nn.LSTM(64, size, num_layers=2, batch_first=True, dropout=0.2)
        self.scores = nn.Linear(size, characters)

    def forward(self, numbers):
        return self.scores(self.lstm(self.embedding(numbers))[0])


def main(words=None):
    chosen = options(__doc__.split("\n")[0], words, epochs=15, learning_rate=3e-3, size=256, length=100)
    text = Text(chosen.length)
    model = Writer(len(text.characters), chosen.size)
    return text_example(chosen, text, model, model, "char_lstm")


if __name__ == "__main__":
    main()
