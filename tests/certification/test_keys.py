"""Keys are readable by their owner alone, and every refusal says why."""

import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from fluxttice_core.certification import keys
from fluxttice_core.certification.keys import new_private_key
from fluxttice_core.errors import ErrorCode, SignatureError, StorageError
from fluxttice_core.storage.atomic_write import write_bytes
from tests.refusals import refused

PASSWORD = "correct horse"  # noqa: S105 - a password for a key that lives as long as a test


def _pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, data: bytes, mode: int = 0o600) -> Path:
    path.write_bytes(data)
    path.chmod(mode)
    return path


@pytest.fixture
def pair(tmp_path: Path, key: ec.EllipticCurvePrivateKey) -> tuple[Path, Path]:
    paths = tmp_path / "key.pem", tmp_path / "key.pub"
    keys.write_key_pair(*paths, key, PASSWORD)
    return paths


def test_a_pair_reads_back_for_its_owner_alone(
    pair: tuple[Path, Path], key: ec.EllipticCurvePrivateKey
) -> None:
    private, public = keys.load_private_key(pair[0], PASSWORD), keys.load_public_key(pair[1])
    assert private.private_numbers() == key.private_numbers()
    assert public.public_numbers() == key.public_key().public_numbers()
    assert pair[0].read_bytes().startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n")
    assert stat.S_IMODE(pair[0].stat().st_mode) == 0o600


def test_the_fingerprint_is_what_sha256sum_prints(
    pair: tuple[Path, Path], key: ec.EllipticCurvePrivateKey
) -> None:
    printed = subprocess.run(["sha256sum", pair[1]], capture_output=True, text=True, check=True).stdout
    assert printed.split()[0] == keys.fingerprint(key.public_key())


def test_new_keys_differ() -> None:
    assert keys.fingerprint(keys.new_private_key().public_key()) != keys.fingerprint(
        keys.new_private_key().public_key()
    )


@pytest.mark.parametrize("password", ["wrong password", None, ""])
def test_a_wrong_password_is_refused(pair: tuple[Path, Path], password: str | None) -> None:
    with refused(SignatureError, "wrong_password", "password"):
        keys.load_private_key(pair[0], password)


def test_a_password_for_an_open_key_is_refused(tmp_path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    path = _write(tmp_path / "open.pem", _pem(key))
    assert keys.load_private_key(path, None).private_numbers() == key.private_numbers()
    with refused(SignatureError, "wrong_password", "has no password, but one was given"):
        keys.load_private_key(path, PASSWORD)


def test_a_key_that_others_can_read_is_refused(pair: tuple[Path, Path]) -> None:
    for mode in (0o640, 0o604):
        pair[0].chmod(mode)
        with refused(SignatureError, "exposed_key", "can be read by other users; run `chmod 600`"):
            keys.load_private_key(pair[0], PASSWORD)


@pytest.mark.parametrize(
    ("password", "code", "sentence"),
    [
        ("elevenchars", "weak_secret", "has 11 characters; give at least 12"),
        (1_024 * "x", "too_large", "has 1,024 bytes; give at most 1,023"),
        (512 * "é", "too_large", "has 1,024 bytes; give at most 1,023"),
        ("correct horse \udcff", "malformed", "no text in UTF-8"),
    ],
)
def test_passwords_that_cannot_encrypt_are_refused_before_anything_is_written(
    tmp_path: Path, key: ec.EllipticCurvePrivateKey, password: str, code: ErrorCode, sentence: str
) -> None:
    with refused(SignatureError, code, sentence):
        keys.write_key_pair(tmp_path / "k", tmp_path / "p", key, password)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("password", [1_023 * "x", 511 * "é" + "x", 12 * "x"])
def test_the_longest_and_the_shortest_password_encrypt(
    tmp_path: Path, key: ec.EllipticCurvePrivateKey, password: str
) -> None:
    keys.write_key_pair(tmp_path / "k", tmp_path / "p", key, password)
    assert keys.load_private_key(tmp_path / "k", password).private_numbers() == key.private_numbers()
    for other in (2_000 * "x", "correct horse \udcff"):
        with refused(SignatureError, "wrong_password"):
            keys.load_private_key(tmp_path / "k", other)


def test_no_half_of_a_pair_is_left(
    tmp_path: Path, key: ec.EllipticCurvePrivateKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = tmp_path / "key.pem"
    with refused(StorageError, "unwritable", "/proc/x.pub"):
        keys.write_key_pair(private, Path("/proc/x.pub"), key, PASSWORD)
    assert list(tmp_path.iterdir()) == []

    def fill(path: Path, data: bytes, *, mode: int = 0o666, replace: bool = True) -> None:
        if path == tmp_path / "key.pub":
            raise StorageError("the disk filled up meanwhile", "disk_full")
        write_bytes(path, data, mode=mode, replace=replace)

    with monkeypatch.context() as full:
        full.setattr(keys, "write_bytes", fill)
        with refused(StorageError, "disk_full", "filled up"):
            keys.write_key_pair(private, tmp_path / "key.pub", key, PASSWORD)
    assert list(tmp_path.iterdir()) == []
    keys.write_key_pair(private, tmp_path / "key.pub", key, PASSWORD)


def test_a_key_in_use_is_never_overwritten(pair: tuple[Path, Path], tmp_path: Path) -> None:
    before = [path.read_bytes() for path in pair]
    for private, public in (pair, (pair[0], tmp_path / "new"), (tmp_path / "new", pair[1])):
        with refused(StorageError, "already_exists", "already exists"):
            keys.write_key_pair(private, public, keys.new_private_key(), PASSWORD)
    assert [path.read_bytes() for path in pair] == before
    assert not (tmp_path / "new").exists()
    with refused(StorageError, "contradictory", "cannot hold both halves"):
        keys.write_key_pair(tmp_path / "new", tmp_path / "new", keys.new_private_key(), PASSWORD)


def test_other_kinds_of_keys_are_refused(tmp_path: Path) -> None:
    others: list[tuple[ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey, str]] = [
        (ed25519.Ed25519PrivateKey.generate(), "no elliptic-curve key"),
        (rsa.generate_private_key(65537, 2048), "no elliptic-curve key"),
        (ec.generate_private_key(ec.SECP256K1()), "lies on secp256k1"),
    ]
    for key, sentence in others:
        with refused(SignatureError, "unsuitable_key", sentence):
            keys.load_private_key(_write(tmp_path / "k", _pem(key)), None)
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        with refused(SignatureError, "unsuitable_key", sentence):
            keys.load_public_key(_write(tmp_path / "p", public))


def test_files_that_are_no_keys_are_refused(tmp_path: Path, pair: tuple[Path, Path]) -> None:
    junk = _write(tmp_path / "junk", b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")
    with refused(SignatureError, "damaged_file", "no public key in PEM"):
        keys.load_public_key(junk)
    with refused(SignatureError, "damaged_file"):
        keys.load_public_key(pair[0])
    with refused(SignatureError, "wrong_password"):
        keys.load_private_key(_write(tmp_path / "junk", pair[1].read_bytes()), None)
    with refused(SignatureError, "missing_file"):
        keys.load_public_key(tmp_path / "absent")
    with refused(SignatureError, "too_large", "16,384"):
        keys.load_public_key(_write(tmp_path / "huge", bytes(20_000)))


def test_of_two_that_make_a_key_at_once_one_is_refused(tmp_path: Path) -> None:
    private, public = tmp_path / "key.pem", tmp_path / "key.pub"

    def attempt(own: ec.EllipticCurvePrivateKey) -> bool:
        try:
            keys.write_key_pair(private, public, own, PASSWORD)
        except StorageError:
            return False
        return True

    for _ in range(5):
        with ThreadPoolExecutor(2) as pool:
            made = list(pool.map(attempt, [new_private_key(), new_private_key()]))
        assert made.count(True) <= 1
        if any(made):
            own = keys.load_private_key(private, PASSWORD)
            assert keys.fingerprint(own.public_key()) == keys.fingerprint(keys.load_public_key(public))
        for path in (private, public):
            path.unlink(missing_ok=True)
