from model_server.collector.rate_limit import RateLimit


def test_twice_the_rate_may_come_at_once_and_then_the_rate():
    limit = RateLimit(2)

    assert [limit.admits("a", now=0.0) for _ in range(5)] == [True] * 4 + [False]
    assert [limit.admits("a", now=1.0) for _ in range(3)] == [True, True, False]


def test_senders_do_not_share_their_limit():
    limit = RateLimit(1)

    assert [limit.admits(sender, now=0.0) for sender in "aaab"] == [True, True, False, True]


def test_any_number_of_senders_takes_bounded_memory():
    limit = RateLimit(1)

    for number in range(20_000):
        limit.admits(str(number), now=0.0)

    assert len(limit._buckets) == 10_000
