"""A dual VAE's sizes with the space that it is about."""

from fluxttice_core.model.network_shape import NetworkShape
from fluxttice_core.spaces.operation_space import OperationSpace
from fluxttice_core.spaces.product_space import ProductSpace
from fluxttice_core.spaces.word_space import WordSpace


class Architecture(NetworkShape):
    """The space and the layer widths of a dual VAE.

    Example:
        >>> Architecture().space.size
        19683
    """

    @property
    def space(self) -> ProductSpace:
        """The elements that the network is about."""
        if self.space_name is not None:
            return WordSpace(self.space_name)
        return OperationSpace(base=self.base, arity=self.arity)
