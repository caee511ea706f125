"""A dual variational autoencoder over every ternary operation, with measurements that can be believed.

The verbs are here, and the rooms with everything else: `dir()` names both. All of it loads on first use, so
that importing the package is quick.

Example:
    >>> import fluxttice_core as fx
    >>> z = fx.encode("+0-0+-+-0")
    >>> z.shape
    (1, 16)
    >>> fx.decode(z).tolist()
    [[1, 0, -1, 0, 1, -1, 1, -1, 0]]
    >>> fx.operations.names_of(15633)
    ('min',)
"""

from fluxttice_core.rooms import open_room

open_room(__name__)
