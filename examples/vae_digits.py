"""A variational autoencoder learns what digits look like, and draws new ones.

    python examples/vae_digits.py
    python examples/vae_digits.py --quick

The picture digits-out/vae_digits.png has five rows of digits it made of random numbers. (Kingma and Welling 2014)
"""
from common import DataLoader, included_digits, options, train, write_png

import nb_nn as torch
from nb_nn import nn
from nb_nn.nn import functional as F


class VAE(nn.Module):
    """Images (N, 1, 8, 8) -> images made of a code (N, 8), and mean and log variance of the codes."""

    def __init__(self, size=8):
        super().__init__()
        self.size = size
        self.encoder = nn.Sequential(nn.Flatten(), nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 2 * size))
        self.decoder = nn.Sequential(nn.Linear(size, 256), nn.ReLU(), nn.Linear(256, 64))

    def forward(self, images):
        mean, log_var = self.encoder(images).chunk(2, 1)
        return self.decode(mean + torch.randn_like(mean) * (0.5 * log_var).exp()), mean, log_var

    def decode(self, codes):
        return self.decoder(codes).view(-1, 1, 8, 8)


def main(words=None):
    chosen = options(__doc__.split("\n")[0], words, epochs=60)
    model = VAE()
    optimizer = torch.optim.Adam(model.parameters(), lr=chosen.learning_rate)

    def step(images, labels):
        optimizer.zero_grad()
        scores, mean, log_var = model(images)
        likelihood = F.binary_cross_entropy_with_logits(scores, images, reduction="sum")
        divergence = -0.5 * (1 + log_var - mean.pow(2) - log_var.exp()).sum()
        loss = (likelihood + divergence) / len(images)
        loss.backward()
        optimizer.step()
        return loss.item()

    losses = train(chosen, DataLoader(included_digits()[0], batch_size=chosen.batch_size, shuffle=True), step)
    with torch.no_grad():
        write_png(chosen.out / "vae_digits.png", model.decode(torch.randn(50, model.size)).sigmoid())
    return losses


if __name__ == "__main__":
    main()
