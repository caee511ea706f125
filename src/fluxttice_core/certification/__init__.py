"""Who vouches for a model: choose, sign, describe, verify, measure again.

A fixed rule chooses among a run's checkpoints, and a signature covers every byte of the folder that results.
Start with `certify(run, ...)`, and with `verify(folder)` for what others signed.
"""

from fluxttice_core.rooms import open_room

open_room(__name__)
