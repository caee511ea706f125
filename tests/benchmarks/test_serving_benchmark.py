import sys

import pytest

from benchmarks.serving import BARE, OURS, answer, served

BODY = '{"model": "fluxttice-b", "input": "+0-0+-+-0"}'


def test_the_rival_answers_with_as_many_bytes_a_refusal_is_told_and_servers_end() -> None:
    with served(OURS) as ours:
        with pytest.raises(RuntimeError, match="the server answered 4"):
            answer(ours, "{}")
        size = len(answer(ours, BODY))
        with served((*BARE, str(size))) as bare:
            assert len(answer(bare, BODY)) == size
    with pytest.raises(ConnectionRefusedError):
        answer(bare, BODY)


def test_a_server_that_does_not_start_is_told() -> None:
    with (
        pytest.raises(RuntimeError, match="named no address, but said ''"),
        served((sys.executable, "-c", "")),
    ):
        pass
