"""The server's books and the gateway's, side by side. Both must agree to the unit, whatever happened."""

from collections import defaultdict

from blackbox.actions import (ENDED_WITHOUT_SEATS, assert_seats_add_up, await_quiet_sagas, charges, every)

APPROVED, DECLINED, REFUNDED = "approved", "declined", "refunded"
PAYMENT_STATES_AT_REST = {"confirmed": {"approved"},
                          "rejected": {"declined", "voided", "refunded", "none"},
                          "expired": {"declined", "voided", "refunded", "none"},
                          "cancelled": {"declined", "voided", "refunded", "none"}}


class Books:
    """All courses, enrollments and charges, read once every saga has ended."""

    def __init__(self, client, management):
        await_quiet_sagas(client)
        self.courses = {course["id"]: course for course in every(client, "/v1/courses")}
        self.enrollments = {one["id"]: one for one in every(client, "/v1/enrollments")}
        self.charges = charges(management)

    def of_student(self):
        found = defaultdict(dict)
        for id, enrollment in self.enrollments.items():
            found[enrollment["studentId"]][id] = enrollment
        return found

    def assert_agree(self):
        self.assert_every_enrollment_has_ended()
        self.assert_seats_are_the_confirmed_enrollments()
        self.assert_money_is_where_it_belongs()

    def assert_every_enrollment_has_ended(self):
        for enrollment in self.enrollments.values():
            state = enrollment["state"]
            assert state == "confirmed" or state in ENDED_WITHOUT_SEATS, enrollment

    def assert_seats_are_the_confirmed_enrollments(self):
        taken = defaultdict(int)
        for enrollment in self.enrollments.values():
            if enrollment["state"] == "confirmed":
                taken[enrollment["courseId"]] += enrollment["seats"]
        for id, course in self.courses.items():
            assert_seats_add_up(id, course["seats"])
            assert course["seats"]["held"] == 0, (id, course["seats"])
            assert course["seats"]["taken"] == taken.pop(id, 0), (id, course["seats"])
        assert not taken, f"enrollments of unknown courses: {dict(taken)}"

    def assert_money_is_where_it_belongs(self):
        """Each charge belongs to one enrollment; exactly the confirmed ones are paid, each its seats × price."""
        paid = {key: charge for key, charge in self.charges.items() if charge["state"] == APPROVED}
        for enrollment in self.enrollments.values():
            payment = enrollment["payment"]
            assert payment["state"] in PAYMENT_STATES_AT_REST[enrollment["state"]], enrollment
            charge = paid.pop(payment["id"], None)
            price = self.courses[enrollment["courseId"]]["price"]
            assert payment["amount"]["amount"] == price["amount"] * enrollment["seats"], enrollment
            if enrollment["state"] != "confirmed":
                assert charge is None, f"paid and not refunded: {enrollment} {charge}"
            elif payment["amount"]["amount"] > 0:
                assert charge is not None, f"confirmed and not paid: {enrollment}"
                assert charge["amount"] == payment["amount"], (enrollment, charge)
            self._assert_refund_is_told(payment)
        assert not paid, f"charges without an enrollment: {list(paid.values())[:5]}"

    def _assert_refund_is_told(self, payment):
        charge = self.charges.get(payment["id"])
        if payment["amount"]["amount"] > 0 and payment["state"] == REFUNDED:
            assert charge is not None and charge["state"] == REFUNDED, (payment, charge)
        if charge is not None and charge["state"] == REFUNDED:
            assert payment["state"] == REFUNDED, (payment, charge)
