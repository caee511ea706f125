from .notation import parse as parse
from .operation_space import OperationSpace as OperationSpace
from .product_space import ProductSpace as ProductSpace
from .space_name import space_of as space_of
from .split import Split as Split
from .split import split as split
from .target import Target as Target
from .word_space import WordSpace as WordSpace
