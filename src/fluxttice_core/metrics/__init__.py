"""What can be measured of a decoder: coverage, distribution, codes, reconstruction, the pair.

A metric here is a function of a model and its draws that knows nothing of reports, controls or gates; those
are in `evaluation`. Start with `estimate_mass`, p(x) of every element, and what is computed of it.
"""

from fluxttice_core.rooms import open_room

open_room(__name__)
