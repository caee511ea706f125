"""StateNet: the controller that reads the state of training and proposes small corrections."""

from torch import Tensor, nn

from fluxttice_core.shapes import Float

OBSERVED = (
    "entropy_a",
    "entropy_b",
    "kl_a",
    "kl_b",
    "gradient_ratio",
    "rho",
    "weight_a",
    "weight_b",
    "alignment",
)
CORRECTED = ("rate", "weight_a", "weight_b", "alignment")


class StateNet(nn.Module):
    """A bottleneck network from nine observations of training to four corrections in [-1, 1].

    The observations are named by `OBSERVED`, the corrections by `CORRECTED`, in order.

    Example:
        >>> import torch
        >>> StateNet()(torch.zeros(1, 9)).shape
        torch.Size([1, 4])
    """

    def __init__(self) -> None:
        super().__init__()
        hidden, code = 32, 8
        self.encoder = nn.Sequential(
            nn.Linear(len(OBSERVED), hidden), nn.LayerNorm(hidden), nn.Tanh(), nn.Linear(hidden, code)
        )
        self.decoder = nn.Sequential(
            nn.Linear(code, hidden), nn.ReLU(), nn.Linear(hidden, len(CORRECTED)), nn.Tanh()
        )

    def forward(self, state: Float[Tensor, "n 9"]) -> Float[Tensor, "n 4"]:
        """Corrections proposed for each observed state."""
        corrections: Tensor = self.decoder(self.encoder(state))
        return corrections
