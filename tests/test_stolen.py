"""A test that fails beside a host that took the processors runs again; any other fails at once."""

from pathlib import Path

import pytest

from tests import stolen
from tests.conftest import pytest_runtest_call
from tests.stolen import MUCH, StolenTimeError, Ticks, Watch, read, share


def lay(stat: Path, idle: int, taken: int) -> Path:
    """Write what the kernel would; a guest's time, which is the user's already, comes last."""
    stat.write_text(f"cpu  100 0 50 {idle} 0 0 0 {taken} 100 0\ncpu0 100 0 50 {idle} 0 0 0 {taken} 100 0\n")
    return stat


def test_all_processors_time_is_read_and_no_guests_twice(tmp_path: Path) -> None:
    assert read(lay(tmp_path / "stat", idle=800, taken=50)) == Ticks(whole=1000, stolen=50)


def test_this_machines_time_is_read_and_goes_on() -> None:
    with Watch() as watch:
        watch.look()
    assert 0 <= watch.worst <= 1
    assert read(stolen.STAT).whole > 0


def test_a_share_is_of_the_time_between() -> None:
    assert share(Ticks(1000, 50), Ticks(1100, 75)) == 0.25
    assert share(Ticks(1000, 50), Ticks(1000, 50)) == 0.0


def test_the_worst_sample_is_kept(tmp_path: Path) -> None:
    watch = Watch(lay(tmp_path / "stat", idle=0, taken=0))
    worst = []
    for idle, taken in ((80, 20), (180, 20), (210, 90)):
        lay(tmp_path / "stat", idle, taken)
        watch.look()
        worst.append(watch.worst)
    assert worst == [0.2, 0.2, 0.7]


@pytest.mark.parametrize("failure", [AssertionError("late"), pytest.fail.Exception("timeout")])
@pytest.mark.parametrize(("taken", "raised"), [(MUCH, StolenTimeError), (MUCH / 2, None)])
def test_a_failure_is_called_the_hosts_where_it_took_much(
    failure: BaseException,
    taken: float,
    raised: type[BaseException] | None,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    watch = Watch()
    watch.worst = taken
    monkeypatch.setattr(stolen, "Watch", lambda: watch)
    call = pytest_runtest_call(request.node)
    next(call)
    with pytest.raises(raised or type(failure)) as caught:
        call.throw(failure)
    assert failure in (caught.value, caught.value.__cause__)


def test_only_such_a_failure_is_run_again(pytestconfig: pytest.Config) -> None:
    assert pytestconfig.getoption("only_rerun") == [StolenTimeError.__name__]
    assert pytestconfig.getoption("reruns") == 2
