"""Keys that are known by a name: the project's own, or those of a reader's list."""

import re
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from fluxttice_core.certification.keys import fingerprint, load_public_key, public_key_of
from fluxttice_core.errors import SignatureError
from fluxttice_core.storage.bounded_read import read_bounded

_LARGEST = 1 << 20
_ENTRY = re.compile(r"([^\n]*)\n(-----BEGIN PUBLIC KEY-----\n[^-]*-----END PUBLIC KEY-----)")
_LONGEST_NAME = 60


@dataclass(frozen=True)
class KnownKey:
    """A public key and the name by which it is known."""

    name: str
    key: ec.EllipticCurvePublicKey

    @property
    def fingerprint(self) -> str:
        """SHA-256 of its PEM text."""
        return fingerprint(self.key)


def project_keys() -> tuple[KnownKey, ...]:
    """The project's own key, as it was installed with the program or lies in its checkout."""
    package = Path(str(resources.files("fluxttice_core")))
    places = package / "certified.pub", package.parents[1] / "keys" / "fluxttice.pub"
    return tuple(
        KnownKey("fluxttice, the project", load_public_key(path)) for path in places if path.is_file()
    )[:1]


def read_trusted_keys(path: Path) -> tuple[KnownKey, ...]:
    """Public keys in PEM from a text file, each below a line with its name.

    Raises:
        SignatureError: If the file is missing, or holds no key, one without a name, or one that is damaged.
    """
    data = read_bounded(path, maximum=_LARGEST, name="The list of trusted keys", error=SignatureError)
    text = "\n" + data.decode("utf-8", errors="replace").replace("\r\n", "\n")
    entries = _ENTRY.findall(text)
    if not entries or len(entries) != text.count("-----BEGIN"):
        raise SignatureError(
            f"{path} is no list of trusted keys: write each public key in PEM below a line with its name",
            "damaged_file",
        )
    found = []
    for line, pem in entries:
        name = line.strip("# ")
        if not (name and name.isprintable() and len(name) <= _LONGEST_NAME):
            raise SignatureError(
                f"a key in {path} has no name: write one of at most {_LONGEST_NAME} letters above it",
                "malformed",
            )
        found.append(KnownKey(name, public_key_of(f"{pem}\n".encode(), source=path)))
    return tuple(found)
