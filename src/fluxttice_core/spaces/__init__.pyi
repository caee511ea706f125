from .notation import parse as parse
from .operation_space import OperationSpace as OperationSpace
from .split import Split as Split
from .split import split as split
