"""Settings shared by every test: one thread, so that a figure does not depend on the machine's cores."""

import torch
from hypothesis import settings

torch.set_num_threads(1)
settings.register_profile("house", deadline=None, max_examples=50, derandomize=True)
settings.load_profile("house")
