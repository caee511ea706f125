"""The memory of bombs is shown as it was measured, beside that of a plain file."""

from pathlib import Path

from docs.bombs import bomb_table, record_bombs


def test_a_bomb_stands_beside_its_command_s_plain_file(tmp_path: Path) -> None:
    path = tmp_path / "bombs.json"
    plain = {"command": "audit", "peak": 145.2}
    bomb = {"file": "a.npz", "holds": "zeros", "kilobytes": 1_044.5, "command": "audit"}
    record_bombs([plain], [{**bomb, "exit_code": 2, "peak": 301.7}], path)
    assert bomb_table(path).splitlines()[2:] == [
        "| `a.npz` | zeros | 1,044 kB | `audit` | 302 MB | 145 MB | refused |"
    ]
