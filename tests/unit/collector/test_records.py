import uuid
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from model_server.collector.alert_webhook import AlertNews
from model_server.collector.records import Sorted, decode, encode
from modelmonitor.store.alerts import Alert
from modelmonitor.store.copyformat import storable
from modelmonitor.store.events import EventHalf, UnreadableBody
from modelmonitor.store.feedback import Feedback

AT = st.datetimes(min_value=datetime(1970, 1, 1), timezones=st.just(UTC))
TEXT = st.text().map(storable)
KIND = st.sampled_from(["request", "response"])
CONTENT = st.dictionaries(TEXT, st.lists(TEXT))
HALVES = st.builds(EventHalf, st.uuids(), KIND, TEXT, TEXT, TEXT, AT, CONTENT)
BODIES = st.builds(
    UnreadableBody,
    *(st.uuids(), KIND, st.binary(min_size=32, max_size=32), TEXT, TEXT, TEXT, TEXT),
    *(st.integers(0, 2**40), st.none() | st.binary(), AT),
)
LABELS = st.builds(Feedback, st.uuids(), TEXT, AT, TEXT)
STRINGS = st.dictionaries(TEXT, TEXT)
ALERTS = st.builds(AlertNews, st.builds(Alert, TEXT, AT, TEXT, TEXT, STRINGS, STRINGS), st.none() | AT)


@given(st.lists(HALVES), st.lists(BODIES), st.lists(LABELS), st.lists(ALERTS))
def test_what_is_spooled_is_what_is_read(halves, bodies, labels, alerts):
    rows = [encode(record) for record in (*halves, *bodies, *labels, *alerts)]

    assert decode(rows) == Sorted(tuple(halves), tuple(bodies), tuple(labels), tuple(alerts))


def test_a_half_takes_little_more_room_than_its_text():
    half = EventHalf(
        uuid.UUID(int=1), "request", "1", "s", "predictor", datetime.now(UTC), {"texts": ["a" * 100]}
    )

    assert len(encode(half)) < 230
