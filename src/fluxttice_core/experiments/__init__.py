"""Many runs: sweeps over seeds and ablations of a recipe's parts, their tables and effects.

A study is one file that grows run by run and can be resumed; `fluxttice sweep` and `fluxttice ablate` make
them. Start with `read_study(path, Sweep)`.
"""

from fluxttice_core.rooms import open_room

open_room(__name__)
