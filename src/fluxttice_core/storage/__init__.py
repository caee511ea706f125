"""Whatever goes into a file or comes out of one safely: checkpoints, models, exports.

Reads are bounded and checked, writes are whole or not at all. Start with `certified()` for the shipped model
and `load(path)` for one of your own; neither needs torch.
"""

from fluxttice_core.rooms import open_room

open_room(__name__)
