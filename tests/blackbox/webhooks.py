"""What a subscriber of webhooks does, and waiting for what arrives."""

from blackbox.actions import confirmed, eventually, every, register_course, unique
from blackbox.receiver import Receiver

# Arguments of a server that calls again soon.
IN_A_HURRY = ("--webhook-retry-ms", 100, "--webhook-timeout-ms", 500, "--webhook-attempts-max", 6)


def subscribe(client, url, *kinds):
    body = {"url": url} | ({"events": list(kinds)} if kinds else {})
    answer = client.post("/v1/webhooks", body)
    assert answer.status == 201, answer
    return answer.json()


def deliveries(client, webhook, enrollment=None):
    listed = every(client, f"/v1/webhooks/{webhook['id']}/deliveries")
    return [one for one in listed if enrollment in (None, one["enrollmentId"])]


def notices_of(client, student):
    return list(every(client, f"/v1/students/{student}/notifications"))


def notified(receiver, enrollment):
    return [call.message["type"] for call in receiver.of(enrollment)]


def await_notified(receiver, enrollment, *kinds):
    eventually(lambda: set(kinds) <= set(notified(receiver, enrollment)), what=f"{kinds} to arrive")


def await_delivery(client, webhook, enrollment, state):
    return eventually(lambda: (found := deliveries(client, webhook, enrollment)) and found[0]["state"] == state
                      and found[0], what=f"the delivery to be {state}")


def await_states(client, webhook, count, state):
    """Waits until that many deliveries are all there are, and in this state."""
    eventually(lambda: [one["state"] for one in deliveries(client, webhook)] == [state] * count,
               what=f"{count} deliveries to be {state}")


def await_sent(client, student):
    eventually(lambda: [one["state"] for one in notices_of(client, student)] == ["sent"])


def new_enrollment(client, student=None):
    """A confirmed enrollment, in a course of its own; its id."""
    return confirmed(client, register_course(client), student)["id"]


def assert_called_no_more(client, receiver):
    """What happens from now on arrives elsewhere, and not here; none of it is pending."""
    student = unique("student")
    new_enrollment(client, student)
    await_sent(client, student)
    with Receiver() as other:
        subscribe(client, other.url)
        later = new_enrollment(client)
        await_notified(other, later, "enrollment.confirmed")
    assert receiver.of(later) == []
