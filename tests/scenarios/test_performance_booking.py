"""Performance booking: accepted at once, confirmed by itself, as often as the customer likes."""

from blackbox.actions import (LIVE_STATES, cancel, confirmed, enroll, eventually, read, read_enrollment,
                              register_course, seats, set_component, unique, won)


def booked(client, enrollment):
    return eventually(lambda: (found := read_enrollment(client, enrollment))["state"] == "confirmed" and found)


def test_a_booking_is_accepted_at_once_and_confirms_by_itself(client):
    course = register_course(client, kind="performance", capacity=5)
    answer = enroll(client, course, seats=2)
    assert answer.status == 202
    assert answer.header("retry-after")
    pending = answer.json()
    assert pending["state"] in LIVE_STATES | {"confirmed"}
    assert answer.location.endswith("/v1/enrollments/" + pending["id"])
    assert booked(client, pending["id"])["payment"]["amount"] == won(24000)
    assert seats(client, course)["taken"] == 2


def test_the_location_of_an_accepted_booking_never_gives_404(client):
    course = register_course(client, kind="performance", capacity=100)
    for _ in range(50):
        answer = enroll(client, course)
        assert answer.status == 202
        assert client.get(answer.location).status == 200


def test_a_customer_books_again_and_again(client):
    course, customer = register_course(client, kind="performance", capacity=10), unique("customer")
    ids = {enroll(client, course, customer).json()["id"] for _ in range(4)}
    assert len(ids) == 4
    for id in ids:
        booked(client, id)
    assert seats(client, course)["taken"] == 4


def test_too_few_left_is_refused_at_once(client):
    course = register_course(client, kind="performance", capacity=3)
    booked(client, enroll(client, course, seats=2).json()["id"])
    answer = enroll(client, course, seats=2)
    assert (answer.status, answer.problem) == (409, "sold-out")
    assert seats(client, course)["available"] == 1


def test_who_prefers_to_wait_gets_the_end(client):
    course = register_course(client, kind="performance")
    answer = enroll(client, course, headers={"Prefer": "wait=10"})
    assert (answer.status, answer.json()["state"]) == (201, "confirmed")
    assert answer.header("preference-applied") == "wait=10"


def test_who_prefers_not_to_wait_for_a_lecture_gets_202(client, gateway):
    gateway(latencyMillis=[300, 300])
    course = register_course(client)
    answer = enroll(client, course, headers={"Prefer": "respond-async"})
    assert answer.status == 202
    assert answer.header("preference-applied") == "respond-async"
    assert answer.json()["state"] in LIVE_STATES
    assert seats(client, course)["held"] == 1
    booked(client, answer.json()["id"])


def test_a_booking_made_while_payment_is_down_confirms_when_it_returns(client, management):
    course = register_course(client, kind="performance", capacity=3)
    set_component(management, "payments", "paused")
    try:
        answer = enroll(client, course, seats=2, headers={"Prefer": "wait=1"})
        assert answer.status == 202
        assert read_enrollment(client, answer.json()["id"])["state"] in LIVE_STATES
        assert seats(client, course)["held"] == 2
    finally:
        set_component(management, "payments", "running")
    booked(client, answer.json()["id"])
    assert seats(client, course)["taken"] == 2


def test_a_booking_can_be_cancelled_while_its_charge_is_unanswered(client, management, gateway):
    course = register_course(client, kind="performance", capacity=3)
    gateway(hang=True)
    pending = enroll(client, course, seats=3).json()["id"]
    answer = cancel(client, pending, {"Prefer": "wait=0"})
    assert answer.status in (200, 202)
    eventually(lambda: seats(client, course)["available"] == 3)
    gateway()
    ended = eventually(lambda: (found := read_enrollment(client, pending))["state"] == "cancelled" and found)
    assert ended["payment"]["state"] in {"voided", "refunded", "void_requested", "refund_requested"}
    eventually(lambda: read_enrollment(client, pending)["payment"]["state"] in {"voided", "refunded"})


def test_a_declined_booking_ends_rejected_by_itself(client):
    course = register_course(client, kind="performance", capacity=3)
    answer = enroll(client, course, paymentMethod="test-decline")
    assert answer.status == 202
    eventually(lambda: read_enrollment(client, answer.json()["id"])["state"] == "rejected")
    assert seats(client, course)["available"] == 3


def test_a_waiting_caller_gets_the_decline_itself(client):
    course = register_course(client, kind="performance")
    answer = enroll(client, course, paymentMethod="test-decline", headers={"Prefer": "wait=10"})
    assert (answer.status, answer.problem) == (402, "payment-declined")


def test_the_plain_call_of_a_load_tester_is_accepted(client):
    course = register_course(client, kind="performance", capacity=1000)
    body = f'{{"courseId":"{course}","studentId":"s1","seats":1}}'.encode()
    for _ in range(3):
        answer = client.post("/v1/enrollments", body, {"Content-Type": "application/json", "Accept": "*/*",
                                                       "User-Agent": "siege/4.0.7", "Connection": "close"})
        assert answer.status == 202, answer


def test_a_performance_shows_its_kind(client):
    assert read(client, f"/v1/courses/{register_course(client, kind='performance')}")["kind"] == "performance"
    confirmed(client, register_course(client, kind="performance", price=0))
