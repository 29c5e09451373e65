"""A process's connections outlive what breaks them."""

from redis import Redis

from workers import stores


def test_a_held_connection_is_kept_from_call_to_call(broker: Redis) -> None:
    held = stores.held(broker)
    assert stores.held(broker) is held
    assert held.client_id() == held.client_id() != broker.client_id()


def test_a_held_connection_that_broke_is_opened_anew_by_the_next_call(broker: Redis) -> None:
    held = stores.held(broker)
    broken = held.client_id()
    broker.client_kill_filter(_id=str(broken))
    assert held.ping()
    assert held.client_id() != broken
