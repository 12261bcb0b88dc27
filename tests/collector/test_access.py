"""Who may send, how much and how often: tokens, TLS, limits, paths and methods."""

from __future__ import annotations

import datetime as dt
import gzip
import ipaddress
import socket
import ssl

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from .conftest import event, finished, free_port, v1_request, wait_until

LABEL = {"prediction_id": "00000000-0000-0000-0000-000000000001", "label": "GOOD"}


def label(collector, token=None, scheme="Bearer"):
    headers = {"authorization": f"{scheme} {token}"} if token else {}
    with collector.client() as http:
        return http.post("/feedback", json=LABEL, headers=headers)


def test_labels_and_alerts_need_one_of_the_tokens_and_events_do_not(start, tmp_path):
    (tmp_path / "tokens").write_text("old-one\nnew-one\n")
    collector = start(token_file=tmp_path / "tokens")

    assert label(collector, "old-one").status_code == 202
    assert label(collector, "new-one", scheme="bearer").status_code == 202
    for refused in (label(collector), label(collector, "other"), label(collector, "old-one", scheme="Basic")):
        assert (refused.status_code, refused.headers["www-authenticate"], refused.json()) == (
            401,
            "Bearer",
            {"error": "a bearer token is needed; send the header Authorization: Bearer TOKEN."},
        )
    with collector.client() as http:
        assert http.post("/alerts", json={"version": "4", "alerts": []}).status_code == 401
    assert collector.send(event("request", "1"), v1_request("a")).status_code == 200
    assert "-one" not in collector.log()


def test_events_need_a_token_where_that_is_asked(start, tmp_path):
    (tmp_path / "tokens").write_text("known")
    collector = start(token_file=tmp_path / "tokens", events_need_token=True)

    assert collector.send(event("request", "1"), v1_request("a")).status_code == 401
    headers = event("request", "1") | {"authorization": "Bearer known"}
    assert collector.send(headers, v1_request("a")).status_code == 200


def test_tokens_are_exchanged_while_it_runs_and_an_emptied_file_locks_nobody_out(start, tmp_path):
    tokens = tmp_path / "tokens"
    tokens.write_text("old")
    collector = start(token_file=tokens, feedback_rate=0)

    tokens.write_text("")
    assert label(collector, "old").status_code == 202
    (tmp_path / "fresh").write_text("new")
    (tmp_path / "fresh").replace(tokens)

    wait_until(lambda: label(collector, "new").status_code == 202)
    assert label(collector, "old").status_code == 401


@pytest.mark.parametrize(
    ("content", "words"), [(None, "cannot be read (No such file or directory)"), (" \n", "is empty")]
)
def test_a_token_file_that_cannot_be_used_stops_the_start_with_a_sentence(tmp_path, content, words):
    if content is not None:
        (tmp_path / "tokens").write_text(content)

    ended = finished(token_file=tmp_path / "tokens", spool_dir=tmp_path / "spool", host="127.0.0.1")

    assert ended.returncode == 1
    assert ended.stderr.startswith(f"model_server.collector: the token file {tmp_path / 'tokens'} {words}")
    assert len(ended.stderr.splitlines()) == 1


def certificate(directory, name):
    """A certificate of its own making for 127.0.0.1; the files of it and of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = directory / f"{name}.crt", directory / f"{name}.key"
    cert_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    encoding = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    key_file.write_bytes(key.private_bytes(*encoding))
    return cert_file, key_file


def trusted(collector, cert_file):
    context = ssl.create_default_context(cafile=str(cert_file))
    try:
        with httpx.Client(verify=context, trust_env=False) as http:
            return http.get(f"{collector.url}/healthz").status_code == 200
    except httpx.ConnectError:
        return False


def test_tls_is_spoken_by_file_and_a_renewed_certificate_is_taken_up(start, tmp_path):
    first = certificate(tmp_path, "first")
    collector = start(tls_cert_file=first[0], tls_key_file=first[1])
    before = tmp_path / "before.crt"
    before.write_bytes(first[0].read_bytes())
    assert trusted(collector, before)
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(collector.url.replace("https", "http"), trust_env=False)

    second = certificate(tmp_path, "second")
    for new, old in zip(second, first, strict=True):
        new.replace(old)

    wait_until(lambda: trusted(collector, first[0]))
    assert not trusted(collector, before)


def test_a_certificate_that_does_not_fit_its_key_stops_the_start_with_a_sentence(tmp_path):
    cert_file, other_key = certificate(tmp_path, "one")[0], certificate(tmp_path, "two")[1]

    ended = finished(
        tls_cert_file=cert_file, tls_key_file=other_key, spool_dir=tmp_path / "spool", host="127.0.0.1"
    )

    assert (ended.returncode, ended.stderr.splitlines()[-1]) == (
        1,
        (
            f"model_server.collector: the certificate {cert_file} with the key {other_key} cannot be used "
            "(KEY_VALUES_MISMATCH); name a pair in PEM."
        ),
    )


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("announced", [True, False])
def test_a_body_over_the_limit_is_refused_also_once_unpacked_and_when_its_length_is_not_told(
    start, packed, announced
):
    collector = start(max_event_bytes=10_000)
    body = gzip.compress(b"x" * 5_000_000) if packed else b"x" * 10_001

    def stream():
        yield body

    with collector.client() as http:
        answer = http.post("/", headers=event("request", "1"), content=body if announced else stream())

    assert answer.status_code == 413
    assert "than the 10000 bytes allowed; send less at once." in answer.json()["error"]


def test_bodies_that_are_being_received_do_not_fill_the_memory(start):
    collector = start(max_inflight_bytes=100_000)
    host, port = collector.url.removeprefix("http://").split(":")
    head = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 90001\r\n\r\n"
    with socket.create_connection((host, int(port))) as slow:
        slow.sendall(head + b"x" * 90_000)
        wait_until(lambda: collector.send(event("request", "1"), b"y" * 400_000).status_code == 503)

    wait_until(lambda: collector.send(event("request", "1"), b"y" * 99_000).status_code == 200)


def test_a_sender_that_takes_too_long_is_told_and_let_go(start):
    collector = start(body_timeout_s=0.2)
    host, port = collector.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as slow:
        slow.sendall(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nab")
        assert slow.recv(1000).startswith(b"HTTP/1.1 408 ")


def test_a_sender_over_its_rate_gets_429_and_when_to_come_again(start):
    collector = start(feedback_rate=1)
    with collector.client() as http:
        answers = [http.post("/feedback", json=LABEL) for _ in range(5)]

    assert [answer.status_code for answer in answers[:2]] == [202, 202]
    assert (answers[-1].status_code, answers[-1].headers["retry-after"]) == (429, "1")
    assert collector.send(event("request", "1"), v1_request("a")).status_code == 200


def test_paths_and_methods_that_do_not_exist_are_named(start):
    collector = start()
    with collector.client() as http:
        nothing, wrong, written = http.get("/nothing"), http.get("/feedback"), http.post("/metrics")

    assert (nothing.status_code, nothing.json()) == (
        404,
        {"error": "there is nothing here; post to /, /alerts, /events, /feedback."},
    )
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "POST")
    assert (written.status_code, written.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            {"host": "0.0.0.0"},
            (
                "anybody could send labels and alerts to 0.0.0.0; name a file with tokens in "
                "MM_COLLECTOR_TOKEN_FILE, or set MM_COLLECTOR_ANONYMOUS=true if a NetworkPolicy guards "
                "the port"
            ),
        ),
        (
            {"port": "many"},
            "MM_COLLECTOR_PORT: Input should be a valid integer, unable to parse string as an integer",
        ),
        (
            {"classes": "NEGATIVE,POSITIVE"},
            'MM_COLLECTOR_CLASSES: it is not JSON like {"sentiment": ["NEGATIVE", "POSITIVE"]}',
        ),
        (
            {"database_url": "mysql://me:secret@host/db"},
            (
                "MM_COLLECTOR_DATABASE_URL: not an address of PostgreSQL; write "
                "postgresql://user:password@host:port/name"
            ),
        ),
        (
            {"tls_cert_file": "a.crt"},
            "MM_COLLECTOR_TLS_CERT_FILE and MM_COLLECTOR_TLS_KEY_FILE belong together; set both or none",
        ),
    ],
)
def test_a_setting_that_cannot_be_used_is_named_without_its_secrets(settings, sentence):
    ended = finished(**({"host": "127.0.0.1"} | settings))

    assert (ended.returncode, ended.stderr) == (
        2,
        f"model_server.collector: these settings cannot be used: {sentence}.\n",
    )


def test_a_taken_port_is_named(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        ended = finished(host="127.0.0.1", port=port, spool_dir=tmp_path / "spool")

    sentence = (
        f"port {port} of 127.0.0.1 is in use; stop what listens there or set MM_COLLECTOR_PORT to another."
    )
    assert (ended.returncode, ended.stderr) == (1, f"model_server.collector: {sentence}\n")


def test_a_directory_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()

    ended = finished(host="127.0.0.1", port=free_port(), spool_dir=tmp_path / "file" / "spool")

    assert ended.returncode == 1
    assert ended.stderr == (
        f"model_server.collector: The spool {tmp_path}/file/spool cannot be written (Not a directory): "
        "check its disk and permissions.\n"
    )


def test_more_connections_than_allowed_are_refused_and_counted_and_probes_are_not(start):
    collector = start(max_connections=4)
    host, port = collector.url.removeprefix("http://").split(":")
    idle = [socket.create_connection((host, int(port))) for _ in range(4)]
    wait_until(lambda: collector.send(event("request", "1"), v1_request("a")).status_code == 503)
    answer = collector.send(event("request", "1"), v1_request("a"))

    assert answer.json() == {"error": "too many connections are open; send it again later."}
    assert answer.headers["retry-after"] == "1"
    assert collector.metrics()['api_errors_total{endpoint="/",error_type="overloaded"}'] >= 2
    for connection in idle:
        connection.close()
    wait_until(lambda: collector.send(event("request", "1"), v1_request("a")).status_code == 200)


def test_a_head_that_does_not_come_whole_is_not_waited_for_for_ever(start):
    collector = start(body_timeout_s=0.5)
    host, port = collector.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as slow:
        slow.sendall(b"POST / HTTP/1.1\r\nhost: x\r\n")
        assert slow.recv(4096).startswith(b"HTTP/1.1 408 ")
