import pytest

from benchmarks.__main__ import BENCHMARKS, main


def test_an_unknown_benchmark_is_named_and_nothing_is_timed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["counting", "speed"]) == 2
    said = capsys.readouterr()
    assert said.err.startswith("there is no benchmark 'speed': choose among counting, mass, training,")
    assert said.out == ""


def test_what_was_measured_is_printed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(BENCHMARKS, "serving", ("Serving", lambda: [("a request", "1 s", "2.00 of a rival")]))
    monkeypatch.setattr("os.getloadavg", lambda: (3.2, 0.0, 0.0))
    assert main(["serving"]) == 0
    said = capsys.readouterr().out
    assert "2.00 of a rival" in said
    assert "other programs run (load 3.2), so expect rows too busy to tell" in said


def test_a_quiet_machine_is_not_called_busy(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(BENCHMARKS, "serving", ("Serving", list))
    monkeypatch.setattr("os.getloadavg", lambda: (0.1, 0.0, 0.0))
    assert main(["serving"]) == 0
    assert "busy" not in capsys.readouterr().out
