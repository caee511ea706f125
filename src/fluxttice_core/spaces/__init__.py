"""What is modelled: finite spaces, their elements, notation and split.

Everything else takes an `OperationSpace` or the index of an element in it; `parse` reads whatever people
write for elements. NumPy alone. Start with `OperationSpace(2)`.
"""

from fluxttice_core.rooms import open_room

open_room(__name__)
