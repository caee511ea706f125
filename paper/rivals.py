"""Models of others, trained on the same rows as ours: a beta-VAE of pythae, and a continuous mixture.

The continuous mixture follows Correia, Gala, Quaeghebeur, de Campos and Peharz (AAAI 2023): a network maps a
latent to the parameters of a tractable model, here one distribution a cell, and a table's likelihood is an
integral over the latent, approximated by randomised quasi-Monte Carlo points and raised by gradient ascent.
There is no encoder. The package cm-tpm has Gaussian leaves alone, which are no model of symbols, so that the
method is written anew here.
"""

import tempfile
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from scipy.stats import norm, qmc
from torch import Tensor, nn
from torch.nn import functional

from fluxttice_core.spaces.product_space import ProductSpace
from fluxttice_core.spaces.split import split

LATENTS = 16
_LEAST = 1e-7


def one_hot(tables: Tensor, space: ProductSpace) -> Tensor:
    """Tables (n, cells) of symbols as zeros and ones (n, cells * base)."""
    return functional.one_hot(tables.long() - space.lowest, space.base).float().flatten(1)


def training_rows(space: ProductSpace) -> Tensor:
    """The rows that every model of this program is trained on, as zeros and ones."""
    return one_hot(torch.from_numpy(space.all_tables()[split(space).train]), space)


class PythaeVAE:
    """A trained beta-VAE of pythae as the measurement takes it.

    Its decoder gives a probability to each of the 27 zeros and ones by itself. Given that a cell has exactly
    one symbol, the chance of each is in proportion to its odds, so that the logits of these probabilities are
    logits of the symbols.
    """

    def __init__(self, model: Any, space: ProductSpace) -> None:
        self.model, self.space, self.latent_dim = model, space, LATENTS

    def decode_logits(self, z: Tensor) -> Tensor:
        given = self.model.decoder(z)["reconstruction"].clamp(_LEAST, 1 - _LEAST)
        logits: Tensor = torch.logit(given).view(len(z), self.space.cells, self.space.base)
        return logits

    def encode_gaussian(self, tables: Tensor) -> tuple[Tensor, Tensor]:
        found = self.model.encoder(one_hot(tables, self.space))
        return found["embedding"], found["log_covariance"]


def trained_pythae(space: ProductSpace, *, beta: float, epochs: int, rate: float, seed: int) -> PythaeVAE:
    """A beta-VAE of pythae with its own networks, loss and trainer: one hidden layer of 512 each way."""
    from pythae.data.datasets import BaseDataset
    from pythae.models import BetaVAE, BetaVAEConfig
    from pythae.trainers import BaseTrainer, BaseTrainerConfig

    rows = training_rows(space)
    torch.manual_seed(seed)
    model = BetaVAE(
        BetaVAEConfig(
            input_dim=(space.cells * space.base,), latent_dim=LATENTS, reconstruction_loss="bce", beta=beta
        )
    )
    with tempfile.TemporaryDirectory() as folder:
        config = BaseTrainerConfig(
            output_dir=folder,
            num_epochs=epochs,
            learning_rate=rate,
            per_device_train_batch_size=128,
            seed=seed,
            no_cuda=True,
        )
        data = BaseDataset(rows, torch.zeros(len(rows)))
        BaseTrainer(model=model, train_dataset=data, training_config=config).train()
    return PythaeVAE(model.eval(), space)


class ContinuousMixture(nn.Module):
    """p(x) = E_z prod_i p(x_i given z), z standard normal, with a network from z to the logits of every cell.

    Its hidden layers are as wide as those of our larger decoder.
    """

    def __init__(self, space: ProductSpace, latent_dim: int) -> None:
        super().__init__()
        self.space, self.latent_dim = space, latent_dim
        self.network = nn.Sequential(
            *(nn.Linear(latent_dim, 128), nn.LeakyReLU()),
            *(nn.Linear(128, 128), nn.LeakyReLU()),
            nn.Linear(128, space.cells * space.base),
        )

    def decode_logits(self, z: Tensor) -> Tensor:
        """Logits (n, cells, base) of latents."""
        logits: Tensor = self.network(z).view(len(z), self.space.cells, self.space.base)
        return logits

    def log_likelihood(self, rows: Tensor, points: Tensor) -> Tensor:
        """Log-probabilities of rows of zeros and ones, integrated over the points, which weigh the same."""
        given = self.decode_logits(points).log_softmax(-1).flatten(1)
        return torch.logsumexp(rows @ given.T, 1) - float(np.log(len(points)))


def integration_points(count: int, latent_dim: int, seed: int) -> Iterator[Tensor]:
    """Scrambled Sobol points at the quantiles of the standard normal, scrambled anew every time."""
    while True:
        seed += 1
        drawn = qmc.Sobol(latent_dim, scramble=True, rng=seed).random(count)
        yield torch.from_numpy(norm.ppf(drawn.clip(_LEAST, 1 - _LEAST))).float()


def trained_mixture(
    rows: Tensor, space: ProductSpace, *, latent_dim: int, points: int, steps: int, seed: int
) -> ContinuousMixture:
    """A continuous mixture by maximum likelihood: Adam, batches of 256 rows, one set of points a step."""
    torch.manual_seed(seed)
    model = ContinuousMixture(space, latent_dim)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
    order = torch.Generator().manual_seed(seed)
    drawn = integration_points(points, latent_dim, seed)
    for _ in range(steps):
        batch = rows[torch.randint(len(rows), (256,), generator=order)]
        optimiser.zero_grad()
        loss = -model.log_likelihood(batch, next(drawn)).mean()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    return model.eval()
