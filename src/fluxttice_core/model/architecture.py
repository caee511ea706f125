"""A dual VAE's sizes with the space of operations that it is about."""

from fluxttice_core.model.network_shape import NetworkShape
from fluxttice_core.spaces.operation_space import OperationSpace


class Architecture(NetworkShape):
    """The space and the layer widths of a dual VAE.

    Example:
        >>> Architecture().space.size
        19683
    """

    @property
    def space(self) -> OperationSpace:
        """The operations that the network is about."""
        return OperationSpace(base=self.base, arity=self.arity)
