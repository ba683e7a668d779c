"""A network that turns and moves digits upright before it reads them.

    python examples/spatial_transformer.py
    python examples/spatial_transformer.py --quick

Digits are turned and moved at random; a small network finds a matrix for each, by which it is sampled anew. The picture
digits-out/spatial_transformer.png has ten digits as they came and below as the network looks at them. (Jaderberg et al. 2015)
"""
import math

from common import DataLoader, included_digits, options, train, write_png

import nb_nn as torch
from nb_nn import nn
from nb_nn.nn import functional as F

SIDE = 16


def moved(images):
    """Images (N, 1, 8, 8) on larger paper (N, 1, SIDE, SIDE), each turned by at most an eighth of a circle and moved."""
    angle = (torch.rand(len(images)) - 0.5) * (math.pi / 2)
    shift = torch.rand(len(images), 2) - 0.5
    cos, sin = 1.6 * angle.cos(), 1.6 * angle.sin()
    matrix = torch.stack([torch.stack([cos, -sin, shift[:, 0]], 1), torch.stack([sin, cos, shift[:, 1]], 1)], 1)
    return F.grid_sample(images, F.affine_grid(matrix, (len(images), 1, SIDE, SIDE), align_corners=False), align_corners=False)


class Network(nn.Module):
    """Images (N, 1, SIDE, SIDE) -> scores (N, 10)."""

    def __init__(self):
        super().__init__()
        self.finder = nn.Sequential(
            nn.Conv2d(1, 8, 5), nn.MaxPool2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 36, 32), nn.ReLU(), nn.Linear(32, 6))
        nn.init.zeros_(self.finder[-1].weight)
        with torch.no_grad():
            self.finder[-1].bias.copy_(torch.tensor([1.0, 0, 0, 0, 1, 0]))      # begins with the images as they are
        self.reader = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(32 * 16, 10))

    def look(self, images):
        """What the network looks at."""
        grid = F.affine_grid(self.finder(images).view(-1, 2, 3), images.shape, align_corners=False)
        return F.grid_sample(images, grid, align_corners=False)

    def forward(self, images):
        return self.reader(self.look(images))


def main(words=None):
    chosen = options(__doc__.split("\n")[0], words, epochs=30)
    learn, test = included_digits()
    images, labels = moved(test.tensors[0]), test.tensors[1]
    model = Network()
    optimizer = torch.optim.Adam(model.parameters(), lr=chosen.learning_rate)

    def step(images, labels):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(moved(images)), labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    def accuracy():
        with torch.no_grad():
            return f"test accuracy {(model(images).argmax(1) == labels).float().mean().item():6.2%}"

    losses = train(chosen, DataLoader(learn, batch_size=chosen.batch_size, shuffle=True), step, accuracy)
    with torch.no_grad():
        write_png(chosen.out / "spatial_transformer.png", torch.cat([images[:10], model.look(images[:10])]))
    return losses


if __name__ == "__main__":
    main()
