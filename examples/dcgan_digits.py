"""Two networks play a game: one draws digits, the other tells them from real ones; the first learns to draw.

    python examples/dcgan_digits.py
    python examples/dcgan_digits.py --quick

The picture digits-out/dcgan_digits.png has what the first network draws in the end. (Radford, Metz and Chintala 2015)
"""
from common import DataLoader, included_digits, options, train, write_png

import nb_nn as torch
from nb_nn import nn
from nb_nn.nn import functional as F

SIZE = 32           # random numbers a drawing is made of


def painter():
    """(N, SIZE, 1, 1) -> images (N, 1, 8, 8) from 0 to 1."""
    return nn.Sequential(
        nn.ConvTranspose2d(SIZE, 64, 2, bias=False), nn.BatchNorm2d(64), nn.ReLU(),
        nn.ConvTranspose2d(64, 32, 4, 2, 1, bias=False), nn.BatchNorm2d(32), nn.ReLU(),
        nn.ConvTranspose2d(32, 1, 4, 2, 1), nn.Sigmoid())


def critic():
    """Images -> how real they look (N, 1)."""
    return nn.Sequential(
        nn.Conv2d(1, 32, 4, 2, 1), nn.LeakyReLU(0.2),
        nn.Conv2d(32, 64, 4, 2, 1, bias=False), nn.BatchNorm2d(64), nn.LeakyReLU(0.2), nn.Flatten(), nn.Linear(64 * 4, 1))


def main(words=None):
    chosen = options(__doc__.split("\n")[0], words, epochs=60, learning_rate=5e-4)
    paint, judge = painter(), critic()
    painting = torch.optim.Adam(paint.parameters(), lr=chosen.learning_rate, betas=(0.5, 0.999))
    judging = torch.optim.Adam(judge.parameters(), lr=chosen.learning_rate, betas=(0.5, 0.999))

    def loss_of(images, real):
        scores = judge(images)
        return F.binary_cross_entropy_with_logits(scores, torch.full_like(scores, real))

    def step(images, labels):
        drawn = paint(torch.randn(len(images), SIZE, 1, 1))
        judging.zero_grad()
        loss = loss_of(images, 0.9) + loss_of(drawn.detach(), 0.0)
        loss.backward()
        judging.step()
        painting.zero_grad()
        loss_of(drawn, 1.0).backward()
        painting.step()
        return loss.item()

    losses = train(chosen, DataLoader(included_digits()[0], batch_size=chosen.batch_size, shuffle=True, drop_last=True), step)
    paint.eval()
    with torch.no_grad():
        write_png(chosen.out / "dcgan_digits.png", paint(torch.randn(50, SIZE, 1, 1)))
    return losses


if __name__ == "__main__":
    main()
