#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>

#include "domain/decision.hpp"
#include "domain/enum_names.hpp"
#include "domain/ids.hpp"
#include "domain/money.hpp"
#include "domain/recent_ids.hpp"
#include "domain/time.hpp"

namespace sugang {

enum class CourseKind : std::uint8_t { lecture, performance, product, training };
constexpr auto names_of(CourseKind) { return names("lecture", "performance", "product", "training"); }

enum class CourseState : std::uint8_t { draft, open, closed };
constexpr auto names_of(CourseState) { return names("draft", "open", "closed"); }

/// What a course does with a charge while the payment side is down.
enum class PaymentUnavailable : std::uint8_t { refuse, defer };
constexpr auto names_of(PaymentUnavailable) { return names("refuse", "defer"); }

/// How the student pays; the embedded gateway's test methods decide the charge's end.
enum class PaymentMethod : std::uint8_t { test_approve, test_decline };
constexpr auto names_of(PaymentMethod) { return names("test-approve", "test-decline"); }

inline constexpr std::uint32_t capacity_max = 100'000'000;
static_assert(price_max <= std::numeric_limits<std::int64_t>::max() / capacity_max,
              "the price of a whole course fits");
inline constexpr std::size_t title_chars_max = 500;

struct CourseDefinition {
  CourseKind kind = CourseKind::lecture;
  std::string title;
  std::uint32_t capacity = 0;
  Money price;
  CourseState state = CourseState::open;
  std::optional<InstructorId> instructor;
  std::optional<TimePoint> opens_at;
  std::optional<TimePoint> closes_at;
  bool waitlist = false;
  /// 0: no limit.
  std::uint32_t seats_per_student = 1;
  PaymentUnavailable payment_unavailable = PaymentUnavailable::refuse;
  std::uint32_t mileage_percent = 1;
  /// As in the imported catalogue; shown, never computed with.
  std::optional<std::uint32_t> credits;
  std::optional<std::string> meets;
  bool operator==(const CourseDefinition&) const = default;

  static void fields(auto& self, auto&& field) {
    field("kind", self.kind);
    field("title", self.title);
    field("capacity", self.capacity);
    field("price", self.price);
    field("state", self.state);
    field("instructorId", self.instructor);
    field("opensAt", self.opens_at);
    field("closesAt", self.closes_at);
    field("waitlist", self.waitlist);
    field("seatsPerStudent", self.seats_per_student);
    field("paymentUnavailable", self.payment_unavailable);
    field("mileagePercent", self.mileage_percent);
    field("credits", self.credits);
    field("meets", self.meets);
  }
};

// Events. `name` is the record's type in the journal; `fields` are its payload's member names.

struct CourseRegistered {
  static constexpr std::string_view name = "course.registered";
  CourseDefinition definition;
  bool operator==(const CourseRegistered&) const = default;
  static void fields(auto& self, auto&& field) { CourseDefinition::fields(self.definition, field); }
};

struct CourseRevised {
  static constexpr std::string_view name = "course.revised";
  std::optional<std::string> title;
  std::optional<std::uint32_t> capacity;
  std::optional<CourseState> state;
  bool operator==(const CourseRevised&) const = default;
  static void fields(auto& self, auto&& field) {
    field("title", self.title);
    field("capacity", self.capacity);
    field("state", self.state);
  }
};

/// The enrollment itself stands in the record's envelope.
struct SeatsHeld {
  static constexpr std::string_view name = "course.seats-held";
  EnrollmentId enrollment;
  StudentId student;
  std::uint32_t seats = 1;
  bool operator==(const SeatsHeld&) const = default;
  static void fields(auto& self, auto&& field) {
    field("enrollmentId", self.enrollment);
    field("studentId", self.student);
    field("seats", self.seats);
  }
};

struct SeatsTaken {
  static constexpr std::string_view name = "course.seats-taken";
  EnrollmentId enrollment;
  bool operator==(const SeatsTaken&) const = default;
  static void fields(auto& self, auto&& field) { field("enrollmentId", self.enrollment); }
};

/// Held or taken seats went back, or, when there were none, a late HoldSeats is refused from now on.
struct SeatsReleased {
  static constexpr std::string_view name = "course.seats-released";
  EnrollmentId enrollment;
  std::uint32_t seats = 0;
  bool operator==(const SeatsReleased&) const = default;
  static void fields(auto& self, auto&& field) {
    field("enrollmentId", self.enrollment);
    field("seats", self.seats);
  }
};

/// A taken claim is to become one of `seats`; what it has more is held until it is taken.
struct SeatsChangeHeld {
  static constexpr std::string_view name = "course.seats-change-held";
  EnrollmentId enrollment;
  std::uint32_t seats = 0;
  std::uint32_t added = 0;
  /// Points that the new amount earns.
  std::int64_t mileage = 0;
  bool operator==(const SeatsChangeHeld&) const = default;
  static void fields(auto& self, auto&& field) {
    field("enrollmentId", self.enrollment);
    field("seats", self.seats);
    field("added", self.added);
    field("mileage", self.mileage);
  }
};

/// The claim has changed: what was held more is taken, or what it has less is available again.
struct SeatsChangeTaken {
  static constexpr std::string_view name = "course.seats-change-taken";
  EnrollmentId enrollment;
  std::uint32_t added = 0;
  std::uint32_t returned = 0;
  bool operator==(const SeatsChangeTaken&) const = default;
  static void fields(auto& self, auto&& field) {
    field("enrollmentId", self.enrollment);
    field("added", self.added);
    field("returned", self.returned);
  }
};

/// The claim stays as it was.
struct SeatsChangeReleased {
  static constexpr std::string_view name = "course.seats-change-released";
  EnrollmentId enrollment;
  std::uint32_t added = 0;
  bool operator==(const SeatsChangeReleased&) const = default;
  static void fields(auto& self, auto&& field) {
    field("enrollmentId", self.enrollment);
    field("added", self.added);
  }
};

/// The course is full: the enrollment is at the end of the waitlist.
struct SeatsWaitlisted {
  static constexpr std::string_view name = "course.seats-waitlisted";
  EnrollmentId enrollment;
  StudentId student;
  std::uint32_t seats = 1;
  /// The waitlist's order: 1, 2, 3, … each given once.
  std::uint64_t ticket = 0;
  bool operator==(const SeatsWaitlisted&) const = default;
  static void fields(auto& self, auto&& field) {
    field("enrollmentId", self.enrollment);
    field("studentId", self.student);
    field("seats", self.seats);
    field("ticket", self.ticket);
  }
};

/// The head of the waitlist fits: its seats are held.
struct WaiterPromoted {
  static constexpr std::string_view name = "course.waiter-promoted";
  EnrollmentId enrollment;
  std::uint32_t seats = 0;
  bool operator==(const WaiterPromoted&) const = default;
  static void fields(auto& self, auto&& field) {
    field("enrollmentId", self.enrollment);
    field("seats", self.seats);
  }
};

/// The enrollment left the waitlist.
struct WaiterLeft {
  static constexpr std::string_view name = "course.waiter-left";
  EnrollmentId enrollment;
  bool operator==(const WaiterLeft&) const = default;
  static void fields(auto& self, auto&& field) { field("enrollmentId", self.enrollment); }
};

/// Why a waiting enrollment gets no seats.
enum class Dismissal : std::uint8_t { course_closed, capacity_reduced };
constexpr auto names_of(Dismissal) { return names("course_closed", "capacity_reduced"); }

/// Removed from the waitlist without seats: the course closed, or has fewer seats in all than the enrollment wants.
struct WaiterDismissed {
  static constexpr std::string_view name = "course.waiter-dismissed";
  EnrollmentId enrollment;
  Dismissal reason = Dismissal::course_closed;
  bool operator==(const WaiterDismissed&) const = default;
  static void fields(auto& self, auto&& field) {
    field("enrollmentId", self.enrollment);
    field("reason", self.reason);
  }
};
/// The dismissal in a sentence, for the enrollment's reason.
std::string_view explain(Dismissal reason);

/// Closed for good; every enrollment of it is to be cancelled.
struct CourseCancelled {
  static constexpr std::string_view name = "course.cancelled";
  std::string reason;
  bool operator==(const CourseCancelled&) const = default;
  static void fields(auto& self, auto&& field) { field("reason", self.reason); }
};

using CourseEvent = std::variant<CourseRegistered, CourseRevised, SeatsHeld, SeatsTaken, SeatsReleased,
                                 SeatsWaitlisted, WaiterPromoted, WaiterLeft, WaiterDismissed, CourseCancelled,
                                 SeatsChangeHeld, SeatsChangeTaken, SeatsChangeReleased>;

/// The enrollment whose claim the event moves; none for what concerns the course alone.
std::optional<EnrollmentId> enrollment_in(const CourseEvent& event);

struct RegisterCourse {
  CourseDefinition definition;
};
struct ReviseCourse {
  /// The definition that the caller has seen (If-Match).
  std::uint64_t expected_definition = 0;
  std::optional<std::string> title;
  std::optional<std::uint32_t> capacity;
  std::optional<CourseState> state;
};
/// Whether a charge can be made now, or may at least wait in the queue of deferred ones.
enum class PaymentSide : std::uint8_t { available, unavailable, queue_full };
struct HoldSeats {
  EnrollmentId enrollment;
  StudentId student;
  std::uint32_t seats = 1;
  /// A priced course that does not wait for a charge, or has no room to, refuses the hold.
  PaymentSide payments = PaymentSide::available;
  /// Goes on the waitlist when the course is full and has one.
  bool may_wait = false;
};
/// Takes what is held for the enrollment: its seats, or a change of them.
struct TakeSeats {
  EnrollmentId enrollment;
};
struct HoldSeatsChange {
  EnrollmentId enrollment;
  std::uint32_t seats = 1;
  /// What the enrollment is to pay in all.
  Money amount;
  PaymentSide payments = PaymentSide::available;
};
struct ReleaseSeatsChange {
  EnrollmentId enrollment;
};
struct ReleaseSeats {
  EnrollmentId enrollment;
};
struct CancelCourse {
  std::string reason;
};
/// Advances the waitlist: dismisses what can never fit, promotes while the head fits; dismisses all once closed.
struct AdvanceWaitlist {};
using CourseCommand = std::variant<RegisterCourse, ReviseCourse, HoldSeats, TakeSeats, ReleaseSeats, CancelCourse,
                                   AdvanceWaitlist, HoldSeatsChange, ReleaseSeatsChange>;

/// What callers request of a course.
using CourseRequest = std::variant<ReviseCourse, CancelCourse>;

enum class CourseError : std::uint8_t {
  not_found,
  already_exists,
  not_open,
  sold_out,
  /// The one enrollment that the course allows the student is there.
  already_enrolled,
  /// More seats than `seats_per_student` leaves the student.
  too_many_seats,
  capacity_below_taken,
  definition_changed,
  state_not_reachable,
  payment_unavailable,
  undone,
};

/// Released enrollments that a course remembers. A HoldSeats can be late by as many releases as commands may wait
/// in the course's mailbox, which admission bounds far below this.
inline constexpr std::size_t released_max = 65'536;

/// A course and the claims on its seats: `available() + held + taken = capacity` (invariant 1).
struct Course {
  using Command = CourseCommand;
  using Event = CourseEvent;
  using Error = CourseError;

  struct Claim {
    StudentId student;
    std::uint32_t seats = 0;
    bool taken = false;
    /// Seats after the change that is under way; 0: there is none.
    std::uint32_t changes_to = 0;
    bool operator==(const Claim&) const = default;

    /// Held for the change.
    std::uint32_t added() const { return changes_to > seats ? changes_to - seats : 0; }
  };
  struct Waiter {
    EnrollmentId enrollment;
    StudentId student;
    std::uint32_t seats = 0;
    bool operator==(const Waiter&) const = default;
  };

  bool registered = false;
  CourseDefinition definition;
  /// Counts the changes of the definition; the first half of the ETag.
  std::uint64_t definition_version = 0;
  std::uint32_t held = 0;
  std::uint32_t taken = 0;
  std::unordered_map<EnrollmentId, Claim> claims;
  /// What a student has in this course, held, taken or waited for.
  struct Share {
    std::uint64_t seats = 0;
    std::uint32_t enrollments = 0;
    /// Exclusive or of the ids of these enrollments: of one alone, its id.
    Uid ids;
    bool operator==(const Share&) const = default;
  };
  std::unordered_map<StudentId, Share> share_of;
  /// By ticket, so in the order of arrival (invariant 12).
  std::map<std::uint64_t, Waiter> waitlist;
  /// The same waiters as (seats, ticket): the largest wish is the last.
  std::set<std::pair<std::uint32_t, std::uint64_t>> waitlist_by_seats;
  std::unordered_map<EnrollmentId, std::uint64_t> tickets;
  std::uint64_t last_ticket = 0;
  std::uint32_t waitlisted = 0;
  bool cancelled = false;
  std::string cancel_reason;
  /// Released enrollments: a late HoldSeats of one answers `undone`.
  RecentIds<EnrollmentId, released_max> released;
  bool operator==(const Course&) const = default;

  std::uint32_t available() const { return definition.capacity - held - taken; }
};

/// Counts an enrollment's seats in its student's share.
void add_to_share(Course& course, const StudentId& student, EnrollmentId enrollment, std::uint32_t seats);
/// The student's enrollment, where the course has exactly one.
std::optional<EnrollmentId> only_enrollment_of(const Course& course, const StudentId& student);
/// Seats that the student may still book; none where the course has no limit.
std::optional<std::uint64_t> seats_left_for(const Course& course, const StudentId& student);

/// Whether a AdvanceWaitlist would do something.
bool waitlist_advances(const Course& course, TimePoint now);

/// Seats waited for at most; beyond it the course is sold out.
inline constexpr std::uint32_t waitlist_seats_max = 1'000'000;

/// Waiters that one command promotes or dismisses at most; the rest is for the next AdvanceWaitlist.
inline constexpr std::size_t waitlist_chunk = 64;

/// The state that callers see: a draft opens by itself at `opens_at`, and any course closes at `closes_at`.
CourseState state_at(const CourseDefinition& definition, TimePoint now);

using CourseDecision = Decision<CourseEvent, CourseError>;
CourseDecision decide(const Course& course, const CourseCommand& command, TimePoint now);
void apply(Course& course, const CourseEvent& event);

}  // namespace sugang
