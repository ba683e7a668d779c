"""A small residual network reads handwritten digits.

    python examples/resnet_digits.py
    python examples/resnet_digits.py --quick

Prints a table of its layers, learns from the digits included here, tests on those it has not seen, and draws those it read
wrongly. (He et al. 2015)
"""
from common import DataLoader, included_digits, options, train, write_png

import nb_nn as torch
from nb_nn import nn
from nb_nn.nn import functional as F


class Block(nn.Module):
    """Two convolutions beside a shortcut."""

    def __init__(self, channels, filters, stride=1):
        super().__init__()
        self.conv1, self.norm1 = nn.Conv2d(channels, filters, 3, stride, 1, bias=False), nn.BatchNorm2d(filters)
        self.conv2, self.norm2 = nn.Conv2d(filters, filters, 3, 1, 1, bias=False), nn.BatchNorm2d(filters)
        self.shortcut = nn.Identity()
        if stride != 1 or channels != filters:
            self.shortcut = nn.Sequential(nn.Conv2d(channels, filters, 1, stride, bias=False), nn.BatchNorm2d(filters))

    def forward(self, x):
        y = F.relu(self.norm1(self.conv1(x)))
        return F.relu(self.norm2(self.conv2(y)) + self.shortcut(x))


def resnet(width=16, channels=1, classes=10):
    """(N, channels, height, width) -> scores (N, classes)."""
    return nn.Sequential(
        nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
        Block(width, width), Block(width, 2 * width, 2), Block(2 * width, 4 * width, 2),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4 * width, classes))


def main(words=None):
    chosen = options(__doc__.split("\n")[0], words, epochs=10, learning_rate=2e-3)
    learn, test = included_digits()
    model = resnet()
    print(torch.utils.summary(model, (1, 1, 8, 8)))
    optimizer = torch.optim.Adam(model.parameters(), lr=chosen.learning_rate)

    def step(images, labels):
        model.train()
        optimizer.zero_grad()
        loss = F.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    def wrong():
        model.eval()
        images, labels = test.tensors
        with torch.no_grad():
            return images[model(images).argmax(1) != labels]

    losses = train(chosen, DataLoader(learn, batch_size=chosen.batch_size, shuffle=True), step,
                   lambda: f"test accuracy {1 - len(wrong()) / len(test):6.2%}")
    mistakes = wrong()
    print(f"{len(mistakes)} of {len(test)} test images read wrongly")
    write_png(chosen.out / "resnet_mistakes.png", torch.cat([mistakes, torch.zeros(-len(mistakes) % 10 or 10, 1, 8, 8)]))
    return losses


if __name__ == "__main__":
    main()
