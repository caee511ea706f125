"""The default network is the original system's, parameter for parameter, so that its checkpoints load."""

import pytest
import torch

from fluxttice_core.model.architecture import Architecture
from fluxttice_core.model.dual_vae import DualVAE

ENCODER: dict[str, tuple[int, ...]] = {
    "encoder.0": (256, 9),
    "encoder.2": (128, 256),
    "encoder.4": (64, 128),
    "fc_mu": (16, 64),
    "fc_logvar": (16, 64),
}
PARTS: dict[str, dict[str, tuple[int, ...]]] = {
    "encoder_A": ENCODER,
    "encoder_B": ENCODER,
    "decoder_A": {"decoder.0": (32, 16), "decoder.2": (64, 32), "decoder.4": (27, 64)},
    "decoder_B": {
        "fc_in": (128, 16),
        "residual1.block.0": (128, 128),
        "residual1.block.2": (128, 128),
        "residual2.block.0": (128, 128),
        "residual2.block.2": (128, 128),
        "fc_out": (27, 128),
    },
    "state_net": {
        "encoder.0": (32, 9),
        "encoder.1": (32,),
        "encoder.3": (8, 32),
        "decoder.0": (32, 8),
        "decoder.2": (4, 32),
    },
}
LAYOUT = {
    f"{part}.{layer}.{kind}": shape if kind == "weight" else shape[:1]
    for part, layers in PARTS.items()
    for layer, shape in layers.items()
    for kind in ("weight", "bias")
}
BUFFERS: dict[str, tuple[int, ...]] = {"grad_norm_A_ema": (), "grad_norm_B_ema": ()}


@pytest.fixture(scope="module")
def model() -> DualVAE:
    return DualVAE.initialised(Architecture(), torch.Generator().manual_seed(0))


def test_keys_and_shapes(model: DualVAE) -> None:
    found = {key: tuple(tensor.shape) for key, tensor in model.state_dict().items()}
    assert found == LAYOUT | BUFFERS
    assert all(tensor.dtype == torch.float32 for tensor in model.state_dict().values())
    assert dict(model.named_buffers()).keys() == BUFFERS.keys()


@pytest.mark.parametrize(
    ("part", "count"), [("vae_a", 50_203), ("vae_b", 117_499), ("state_net", 1_068), ("", 168_770)]
)
def test_parameter_counts(model: DualVAE, part: str, count: int) -> None:
    module = getattr(model, part) if part else model
    assert sum(parameter.numel() for parameter in module.parameters()) == count


def test_running_gradient_norms_start_at_one(model: DualVAE) -> None:
    assert [buffer.item() for buffer in model.buffers()] == [1.0, 1.0]


def test_class_c_stands_for_symbol_c_minus_one(model: DualVAE) -> None:
    bias = torch.arange(27.0)
    with torch.no_grad():
        model.decoder_A.last_layer.weight.zero_()
        model.decoder_A.last_layer.bias.copy_(bias)
    logits = model.vae_a.decode_logits(torch.zeros(1, 16))
    assert torch.equal(logits[0], bias.view(9, 3))
    assert model.space.symbols == (-1, 0, 1)


def test_decoder_b_rectifies_before_every_block_and_not_after_the_last() -> None:
    model = DualVAE.initialised(Architecture(), torch.Generator().manual_seed(0)).double()
    d = model.decoder_B
    z = torch.randn(5, 16, generator=torch.Generator().manual_seed(1)).double()
    w = {name: parameter.detach() for name, parameter in d.named_parameters()}
    h = z @ w["fc_in.weight"].T + w["fc_in.bias"]
    for block in ("residual1.block", "residual2.block"):
        h = h.relu()
        inner = (h @ w[f"{block}.0.weight"].T + w[f"{block}.0.bias"]).relu()
        h = h + inner @ w[f"{block}.2.weight"].T + w[f"{block}.2.bias"]
    expected = (h @ w["fc_out.weight"].T + w["fc_out.bias"]).view(-1, 9, 3)
    torch.testing.assert_close(d(z), expected, rtol=0, atol=1e-12)


def test_encoder_rectifies_after_every_hidden_layer() -> None:
    model = DualVAE.initialised(Architecture(), torch.Generator().manual_seed(0)).double()
    w = {name: parameter.detach() for name, parameter in model.encoder_A.named_parameters()}
    x = torch.randn(5, 9, generator=torch.Generator().manual_seed(1)).double()
    h = x
    for layer in ("encoder.0", "encoder.2", "encoder.4"):
        h = (h @ w[f"{layer}.weight"].T + w[f"{layer}.bias"]).relu()
    mu, logvar = model.encoder_A(x)
    torch.testing.assert_close(mu, h @ w["fc_mu.weight"].T + w["fc_mu.bias"], rtol=0, atol=1e-12)
    torch.testing.assert_close(logvar, h @ w["fc_logvar.weight"].T + w["fc_logvar.bias"], rtol=0, atol=1e-12)


def test_state_net_normalises_then_squashes() -> None:
    model = DualVAE.initialised(Architecture(), torch.Generator().manual_seed(0)).double()
    w = {name: parameter.detach() for name, parameter in model.state_net.named_parameters()}
    x = torch.randn(3, 9, generator=torch.Generator().manual_seed(1)).double()
    h = x @ w["encoder.0.weight"].T + w["encoder.0.bias"]
    h = (h - h.mean(1, keepdim=True)) / (h.var(1, correction=0, keepdim=True) + 1e-5).sqrt()
    code = h.tanh() @ w["encoder.3.weight"].T + w["encoder.3.bias"]
    h = (code @ w["decoder.0.weight"].T + w["decoder.0.bias"]).relu()
    expected = (h @ w["decoder.2.weight"].T + w["decoder.2.bias"]).tanh()
    torch.testing.assert_close(model.state_net(x), expected, rtol=0, atol=1e-12)
