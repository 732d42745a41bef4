#pragma once

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "http/backend.hpp"

namespace sugang {

/// When all that is scripted happens: 2026-03-02T10:00:00Z.
inline constexpr TimePoint scripted_time{Milliseconds{1'772'445'600'000}};

/// Everything behind the HTTP side, small and in memory: courses, enrollments that go at once as far as they can
/// without a person, keyed requests, webhooks. Callbacks run on a thread of its own, as the server's do. A test can
/// hold them back, count the calls and script how a command ends.
class ScriptedBackend final : public Backend {
 public:
  ScriptedBackend();
  ~ScriptedBackend() override;

  // The script.
  /// From now on nothing is answered until `answer_all`.
  void hold_answers();
  void answer_all();
  /// Throws away what is held, as if it had been lost.
  void lose_answers();
  /// Placements are taken up but not answered, until they are released; all else goes on.
  void keep_placements();
  void release_placements();
  /// Whoever awaits events hears of some, though there are none.
  void wake_followers();
  /// As after a crash: keyed requests are known as taken up, their answers are not.
  void forget_stored_answers();
  /// How the next commands about an enrollment end; nothing: as they do by themselves.
  void end_with(std::function<void(Outcome&)> change);
  void set_ready(bool ready) { ready_ = ready; }
  void set_view_error(std::optional<ServiceError> error) { view_error_ = error; }
  void throw_on_place() { throws_ = true; }
  /// A read of events looks at so many records, and passes over them as if they were none.
  void examine_at_most(Position records) { events_examined_max_ = records; }
  void hide_events(bool hidden) { hides_events_ = hidden; }
  /// From this position on the journal can't be read.
  void damage_from(Position position) { damaged_at_ = position; }
  /// Whoever waits for the course gets seats between the two reads that find where he stands.
  void promote_between_reads() { promotes_between_reads_ = true; }
  void add_webhook_delivery(WebhookId webhook, WebhookDelivery delivery);

  // What was seen.
  /// Names of the port's methods that were called, in order.
  std::vector<std::string> calls() const;
  std::size_t count(const std::string& call) const;
  /// True once `call` was seen `times` times; false after five seconds.
  bool await(const std::string& call, std::size_t times = 1) const;
  PlaceEnrollment last_placement() const;
  Wait last_wait() const;
  TraceContext last_trace() const;
  Position last_min_position() const;
  RequestKey last_request_key() const;
  EnrollmentFilter last_filter() const;
  CoachingFilter last_coaching_filter() const;
  DeliveryFilter last_delivery_filter() const;
  Operation last_operation() const;
  std::string last_reason() const;
  CourseDefinition definition(const std::string& course) const;
  std::size_t requests_in_progress() const;

  void find_request(RequestKey key, std::function<void(EarlierRequest)> done) override;
  void release_request(RequestKey key) override;
  void run_apart(std::function<void()> work) override {
    note("run_apart");
    later(std::move(work));
  }
  void register_course(CourseId id, CourseDefinition definition, Asker asker) override;
  void import_courses(std::vector<ImportRow> rows, Asker asker) override;
  void revise_course(CourseId id, ReviseCourse command, Asker asker) override;
  void place_enrollment(PlaceEnrollment command, Wait wait, Asker asker) override;
  void join_enrollment(EnrollmentId id, Wait wait, Asker asker) override;
  void cancel_enrollment(EnrollmentId id, std::string reason, Wait wait, Asker asker) override;
  void cancel_course(CourseId id, std::string reason, Asker asker) override;
  void take_step(EnrollmentId id, StaffStep step, Asker asker) override;
  void operate_saga(EnrollmentId id, Operation operation, Asker asker) override;
  void create_webhook(std::string url, std::vector<NoticeKind> kinds, Asker asker) override;
  void remove_webhook(WebhookId id, std::function<void(ReadResult<bool> removed)> done) override;
  void list_webhooks(Page page, std::function<void(ListResult<Webhook>)> done) override;
  void list_webhook_deliveries(WebhookId id, Page page,
                               std::function<void(std::optional<ListResult<WebhookDelivery>>)> done) override;
  void read_course(CourseId id, CourseReader done) override;
  void read_timeline(EnrollmentId id, std::function<void(ReadResult<std::vector<Record>>)> done) override;
  void read_line_position(CourseId course, EnrollmentId enrollment, LineReader done) override;
  void list_courses(std::optional<CourseKind> kind, Page page, Position min_position,
                    std::function<void(ListResult<CourseSnapshot>)> done) override;
  void list_enrollments(EnrollmentFilter filter, Page page, Position min_position,
                        std::function<void(ListResult<EnrollmentSummary>)> done) override;
  void student_page(StudentId student, Page page, Position min_position,
                    std::function<void(ListResult<PageRow>)> done) override;
  void list_waitlist(CourseId course, Page page, Position min_position,
                     std::function<void(ListResult<WaitlistRow>)> done) override;
  void list_coaching(CoachingFilter filter, Page page, Position min_position,
                     std::function<void(ListResult<EnrollmentSummary>)> done) override;
  void list_deliveries(DeliveryFilter filter, Page page, Position min_position,
                       std::function<void(ListResult<EnrollmentSummary>)> done) override;
  void student_mileage(StudentId student, Page page, Position min_position,
                       std::function<void(MileageStatement)> done) override;
  void student_notifications(StudentId student, Page page, Position min_position,
                             std::function<void(ListResult<Notification>)> done) override;
  void read_events(Position after, std::size_t limit, std::function<void(ReadResult<EventsRead>)> done) override;
  void await_events(Position after, std::function<void()> done) override;
  Position durable_position() const override;
  std::vector<ReadinessCheck> readiness() override;
  std::vector<ComponentStatus> components() override;
  void set_component(const std::string& name, bool running, std::function<void(bool found)> done) override;
  void list_set_aside(Page page, std::function<void(ListResult<SetAside>)> done) override;
  bool rebuild_view(const std::string& name) override;
  std::vector<ViewStatus> views() override;
  GatewaySettings gateway_settings() override;
  void set_gateway_settings(GatewaySettings settings) override;
  void list_charges(Page page, std::function<void(ListResult<ChargeEntry>)> done) override;
  std::string metrics() override;

 private:
  struct Enrolled {
    EnrollmentId id;
    EnrollmentSummary summary;
    std::vector<Record> timeline;
  };
  struct Keyed {
    Uid body;
    bool in_progress = true;
    std::optional<Answer> answer;
    std::optional<EnrollmentId> enrollment;
  };

  void note(const std::string& call);
  void later(std::function<void()> task);
  void run();
  void tell_followers();
  /// Renders, stores what is stored, delivers.
  void answer(const Asker& asker, const Outcome& outcome);
  void append(Enrolled& enrolled, AggregateId aggregate, Event event, Causation causation,
              const TraceContext& trace);
  Enrolled& enroll(const PlaceEnrollment& command, const CourseSnapshot& course, const Asker& asker);
  /// As far as it goes without a person.
  void pay(Enrolled& enrolled, const TraceContext& trace);
  void confirm(Enrolled& enrolled, const TraceContext& trace);
  void complete(Enrolled& enrolled, const TraceContext& trace);
  void wait_for(Enrolled& enrolled, Step step, const TraceContext& trace);
  std::vector<EnrollmentId> line(const CourseId& course) const;
  bool is_full(const CourseSnapshot& course) const;
  void promote(Enrolled& enrolled);
  /// Finds the enrollment, lets `act` do the rest, answers.
  void command_on(EnrollmentId id, const Asker& asker, std::function<void(Enrolled&, Outcome&)> act);
  void step(Enrolled& enrolled, const StaffStep& step, const TraceContext& trace, Outcome& outcome);
  /// The aggregate's own decision, journaled; false: refused.
  bool coach(Enrolled& enrolled, const CoachingCommand& command, Step step, const TraceContext& trace,
             Outcome& outcome);
  bool book(Enrolled& enrolled, const TimeSlot& slot, const TraceContext& trace, Outcome& outcome);
  bool deliver(Enrolled& enrolled, const DeliveryCommand& command, Step step, const TraceContext& trace,
               Outcome& outcome);
  template <class Row>
  ListResult<Row> page_of(const std::vector<Row>& items, const Page& page, Position min_position);

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::deque<std::function<void()>> tasks_;
  bool holding_ = false;
  bool keeping_placements_ = false;
  std::vector<std::function<void()>> kept_placements_;
  bool stopping_ = false;
  std::vector<std::string> calls_;
  std::function<void(Outcome&)> change_;
  std::atomic<bool> ready_{true};
  std::atomic<bool> throws_{false};
  std::atomic<Position> events_examined_max_{1'000'000};
  std::atomic<bool> hides_events_{false};
  std::atomic<Position> damaged_at_{0};
  bool promotes_between_reads_ = false;
  std::optional<ServiceError> view_error_;

  std::map<std::string, CourseSnapshot> courses_;
  std::map<EnrollmentId, Enrolled> enrollments_;
  std::map<InstructorId, InstructorCalendar> calendars_;
  std::map<WebhookId, Webhook> webhooks_;
  std::map<WebhookId, std::vector<WebhookDelivery>> webhook_deliveries_;
  std::vector<Record> journal_;
  std::size_t records_told_ = 0;
  std::vector<std::function<void()>> followers_;
  std::map<RequestId, Keyed> keyed_;
  std::map<std::string, bool> components_{{"catalogue", true}, {"payments", true}, {"views", true}};
  GatewaySettings gateway_;
  PlaceEnrollment last_placement_;
  Wait last_wait_;
  TraceContext last_trace_;
  Position last_min_position_ = 0;
  RequestKey last_request_key_;
  EnrollmentFilter last_filter_;
  CoachingFilter last_coaching_filter_;
  DeliveryFilter last_delivery_filter_;
  Operation last_operation_;
  std::string last_reason_;
  std::uint64_t minted_ = 0;
  std::thread thread_;
};

template <class Row>
ListResult<Row> ScriptedBackend::page_of(const std::vector<Row>& items, const Page& page, Position min_position) {
  last_min_position_ = min_position;
  ListResult<Row> result;
  result.error = view_error_;
  std::size_t first = 0;
  if (!page.cursor.empty()) {
    if (page.cursor.find_first_not_of("0123456789") != std::string::npos)
      result.cursor_invalid = true;
    else
      first = std::stoul(page.cursor);
  }
  for (std::size_t i = first; i < std::min(items.size(), first + page.limit); ++i)
    result.listing.items.push_back(items[i]);
  if (first + page.limit < items.size()) result.listing.next = std::to_string(first + page.limit);
  result.listing.position = journal_.size();
  return result;
}

}  // namespace sugang
