"""The server's accounts and the gateway's, side by side. Both must agree to the unit, whatever happened."""

from collections import defaultdict

from blackbox.actions import (ENDED_WITHOUT_SEATS, assert_seats_add_up, await_quiet_sagas, charges, every)

APPROVED, DECLINED, REFUNDED = "approved", "declined", "refunded"
TAKEN = {"confirmed", "completed"}
HELD = {"awaiting_instructor", "awaiting_schedule"}
PAID = TAKEN | HELD
PAYMENT_STATES_AT_REST = {**{state: {"approved"} for state in PAID},
                          "waitlisted": {"none"},
                          "rejected": {"declined", "voided", "refunded", "none"},
                          "expired": {"declined", "voided", "refunded", "none"},
                          "cancelled": {"declined", "voided", "refunded", "none"}}


class Accounts:
    """All courses, enrollments and charges, read once every saga has ended, or waits for the staff or on the waitlist."""

    def __init__(self, client, management, await_quiet=await_quiet_sagas):
        await_quiet(client)
        self.courses = {course["id"]: course for course in every(client, "/v1/courses")}
        self.enrollments = {one["id"]: one for one in every(client, "/v1/enrollments")}
        self.charges = charges(management)

    def of_student(self):
        found = defaultdict(dict)
        for id, enrollment in self.enrollments.items():
            found[enrollment["studentId"]][id] = enrollment
        return found

    def assert_agree(self):
        assert self.enrollments, "there is nothing to compare"
        self.assert_every_enrollment_is_at_rest()
        self.assert_seats_are_those_of_the_enrollments()
        self.assert_money_is_where_it_belongs()
        self.assert_mileage_stands_on_money()

    def assert_every_enrollment_is_at_rest(self):
        for enrollment in self.enrollments.values():
            assert enrollment["state"] in PAID | {"waitlisted"} | ENDED_WITHOUT_SEATS, enrollment

    def assert_seats_are_those_of_the_enrollments(self):
        taken, held = self._seats_by_course(TAKEN), self._seats_by_course(HELD)
        for id, course in self.courses.items():
            assert_seats_add_up(id, course["seats"])
            assert course["seats"]["held"] == held.pop(id, 0), (id, course["seats"])
            assert course["seats"]["taken"] == taken.pop(id, 0), (id, course["seats"])
        assert not taken and not held, f"enrollments of unknown courses: {dict(taken)}, {dict(held)}"

    def _seats_by_course(self, states):
        found = defaultdict(int)
        for enrollment in self.enrollments.values():
            if enrollment["state"] in states:
                found[enrollment["courseId"]] += enrollment["seats"]
        return found

    def assert_mileage_stands_on_money(self):
        for enrollment in self.enrollments.values():
            percent = self.courses[enrollment["courseId"]]["mileagePercent"]
            points = enrollment["payment"]["amount"]["amount"] * percent // 100
            expected = points if enrollment["state"] in PAID else 0
            assert enrollment["mileage"]["earned"] == expected, enrollment

    def assert_money_is_where_it_belongs(self):
        """Each charge belongs to one enrollment; exactly those that stand are paid, each its seats × price."""
        paid = {key: charge for key, charge in self.charges.items() if charge["state"] == APPROVED}
        for enrollment in self.enrollments.values():
            payment = enrollment["payment"]
            assert payment["state"] in PAYMENT_STATES_AT_REST[enrollment["state"]], enrollment
            charge = paid.pop(payment["id"], None)
            price = self.courses[enrollment["courseId"]]["price"]
            assert payment["amount"]["amount"] == price["amount"] * enrollment["seats"], enrollment
            if enrollment["state"] not in PAID:
                assert charge is None, f"paid and not refunded: {enrollment} {charge}"
            elif payment["amount"]["amount"] > 0:
                assert charge is not None, f"stands and is not paid: {enrollment}"
                assert charge["amount"] == payment["amount"], (enrollment, charge)
            self._assert_refund_is_notified(payment)
        assert not paid, f"charges without an enrollment: {list(paid.values())[:5]}"

    def _assert_refund_is_notified(self, payment):
        charge = self.charges.get(payment["id"])
        if payment["amount"]["amount"] > 0 and payment["state"] == REFUNDED:
            assert charge is not None and charge["state"] == REFUNDED, (payment, charge)
        if charge is not None and charge["state"] == REFUNDED:
            assert payment["state"] == REFUNDED, (payment, charge)
