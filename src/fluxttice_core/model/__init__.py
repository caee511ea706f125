"""The networks of the dual VAE, and their forward pass in NumPy.

`DualVAE` is the torch module that training changes; `ForwardPass` computes the same codes and logits from
stored arrays without torch, for encoding and serving. Start with `Architecture()` and `DualVAE`.
"""

from fluxttice_core.rooms import open_room

open_room(__name__)
