import socket

from modelmonitor.local.ports import LOOPBACK, Port, free_port


def test_the_preferred_port_is_taken_when_it_is_free():
    number = free_port(0).number

    assert free_port(number) == Port(number=number, preferred=number)
    assert not free_port(number).moved


def test_another_port_is_chosen_and_said_when_a_program_listens_on_the_preferred_one():
    with socket.create_server((LOOPBACK, 0)) as other:
        taken = other.getsockname()[1]

        port = free_port(taken)

    assert port.moved
    assert port.number != taken


def test_a_port_left_in_time_wait_by_our_own_last_run_counts_as_free():
    with socket.create_server((LOOPBACK, 0)) as server:
        number = server.getsockname()[1]
        client = socket.create_connection((LOOPBACK, number))
        connection, _ = server.accept()
        connection.close()
        client.close()

    assert not free_port(number).moved
