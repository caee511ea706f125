"""How a room shows its public names: they stand in its `__init__.pyi`, and load on first use."""

import re
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

_EXPORT = re.compile(r"^from \.([\w.]*) import (\w+) as \2$", re.MULTILINE)


class Room(ModuleType):
    """A package whose public names are imported from the package's modules when they are asked for."""

    exports: dict[str, str]
    """The module of every public name; no module for a package that is public itself."""

    def __getattr__(self, name: str) -> object:
        if name not in self.exports:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        if module := self.exports[name]:
            return getattr(import_module(f"{self.__name__}.{module}"), name)
        return import_module(f"{self.__name__}.{name}")

    def __setattr__(self, name: str, value: object) -> None:
        # Python makes an imported module an attribute of its package. A public function whose module has the
        # same name stays the function, whichever of the two was imported first.
        if not (isinstance(value, ModuleType) and self.exports.get(name)):
            super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return sorted({*self.exports, *(name for name in self.__dict__ if name.startswith("__"))})


def open_room(name: str) -> None:
    """Let a package show the names of its stub, which type checkers read, too.

    Example:
        >>> import fluxttice_core as fx
        >>> "clopper_pearson" in dir(fx.statistics)
        True
        >>> fx.statistics.clopper_pearson(5, 10).contains(0.5)
        True
    """
    room = sys.modules[name]
    stub = Path(str(room.__file__)).with_suffix(".pyi").read_text(encoding="utf-8")
    exports = {public: module for module, public in _EXPORT.findall(stub)}
    room.__dict__.update(exports=exports, __all__=sorted(name for name in exports if name[0] != "_"))
    room.__class__ = Room
