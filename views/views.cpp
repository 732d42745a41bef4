#include "views/views.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>

#include "views/courses_view.hpp"
#include "views/enrollments_view.hpp"
#include "views/mileage_view.hpp"
#include "views/notification_rows.hpp"

namespace sugang {
namespace {

constexpr std::array<std::pair<std::string_view, ViewId>, 3> named_views{
    {{"enrollments", ViewId::enrollments}, {"courses", ViewId::courses}, {"mileage", ViewId::mileage}}};

std::optional<ViewId> find_view(std::string_view name) {
  for (const auto& [known, id] : named_views)
    if (known == name) return id;
  return std::nullopt;
}

std::vector<ViewKind> view_kinds(const KeyValueStore& store, const Views::Limits& limits) {
  auto make_enrollments = [&store, kept = limits.summaries_kept_max](Generation generation) {
    return std::make_unique<EnrollmentsView>(store, generation, kept);
  };
  auto make_courses = [&store, kept = CoursesView::Kept{limits.courses_kept_max, limits.held_kept_max}](
                          Generation generation) { return std::make_unique<CoursesView>(store, generation, kept); };
  auto make_mileage = [&store, kept = limits.balances_kept_max](Generation generation) {
    return std::make_unique<MileageView>(store, generation, kept);
  };
  return {{"enrollments", ViewId::enrollments, make_enrollments},
          {"courses", ViewId::courses, make_courses},
          {"mileage", ViewId::mileage, make_mileage}};
}

/// What a cursor of a list is good for: the list's name and its filters. Texts carry their length, so no two
/// filters look alike.
class Scope {
 public:
  explicit Scope(std::string list) : text_(std::move(list)) {}

  Scope& add(char name, const std::string& text) {
    text_ += name;
    text_ += std::to_string(text.size()) + ':' + text;
    return *this;
  }
  template <class Tag>
  Scope& add(char name, const std::optional<NamedId<Tag>>& id) {
    return id ? add(name, id->text) : *this;
  }
  template <NamedEnum Enum>
  Scope& add(char name, std::optional<Enum> value) {
    return value ? add(name, std::string{to_text(*value)}) : *this;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

std::string scope_of(const EnrollmentFilter& filter) {
  return Scope{"enrollments"}
      .add('s', filter.student)
      .add('c', filter.course)
      .add('e', filter.state)
      .add('g', filter.saga)
      .text();
}
std::string scope_of(const CoachingFilter& filter) {
  return Scope{"coaching"}.add('e', filter.state).add('i', filter.instructor).text();
}
std::string scope_of(const DeliveryFilter& filter) {
  return Scope{"deliveries"}.add('e', filter.state).add('s', filter.student).text();
}
std::string scope_of(std::optional<CourseKind> kind) { return Scope{"courses"}.add('k', kind).text(); }

}  // namespace

Views::Views(RecordSource source, KeyValueStore& store, Limits limits, Projector::OnFailure on_failure, Clock now)
    : source_(std::move(source)),
      store_(store),
      limits_(limits),
      now_(std::move(now)),
      projector_(source_, store, view_kinds(store, limits), limits.projector, std::move(on_failure)) {}

/// Has rows built again that `list` finds damaged.
template <class Row, class List>
ListResult<Row> Views::list_page(ViewId view, std::string_view scope, const Page& page, List&& list) const {
  ListResult<Row> result;
  const auto position = projector_.position(view);
  const auto serving = projector_.serving(view);
  try {
    result = sugang::list_page<Row>(scope, page, limits_.lists,
                                    [&](KeyPage wanted) { return list(*serving, std::move(wanted)); });
    result.listing.position = position;
  } catch (const DamagedEntry& fault) {
    projector_.rows_damaged(view, *serving, fault.what());
    result.error = ServiceError::view_damaged;
  }
  return result;
}

ListResult<CourseSnapshot> Views::list_courses(std::optional<CourseKind> kind, const Page& page) const {
  return list_page<CourseSnapshot>(ViewId::courses, scope_of(kind), page, [&](Generation serving, KeyPage wanted) {
    return CourseRows{store_, serving}.list(kind, std::move(wanted), now_());
  });
}

template <class Filter>
ListResult<EnrollmentSummary> Views::list_filtered(const Filter& filter, const Page& page) const {
  return list_page<EnrollmentSummary>(ViewId::enrollments, scope_of(filter), page,
                                      [&](Generation serving, KeyPage wanted) {
                                        return EnrollmentRows{store_, serving}.list(filter, std::move(wanted));
                                      });
}

ListResult<EnrollmentSummary> Views::list_enrollments(const EnrollmentFilter& filter, const Page& page) const {
  return list_filtered(filter, page);
}

ListResult<EnrollmentSummary> Views::list_coaching(const CoachingFilter& filter, const Page& page) const {
  return list_filtered(filter, page);
}

ListResult<EnrollmentSummary> Views::list_deliveries(const DeliveryFilter& filter, const Page& page) const {
  return list_filtered(filter, page);
}

ListResult<WaitlistRow> Views::list_waitlist(const CourseId& course, const Page& page) const {
  const auto scope = Scope{"waitlist"}.add('c', course.text).text();
  return list_page<WaitlistRow>(ViewId::enrollments, scope, page, [&](Generation serving, KeyPage wanted) {
    return EnrollmentRows{store_, serving}.list_waitlist(course, std::move(wanted));
  });
}

MileageStatement Views::student_mileage(const StudentId& student, const Page& page) const {
  const auto scope = Scope{"mileage"}.add('s', student.text).text();
  MileageStatement statement;
  statement.entries = list_page<MileageRow>(ViewId::mileage, scope, page, [&](Generation serving, KeyPage wanted) {
    auto read = MileageRows{store_, serving}.read(student, std::move(wanted));
    statement.balances = std::move(read.balances);
    return std::move(read.lines);
  });
  return statement;
}

ListResult<Notice> Views::student_notifications(const StudentId& student, const Page& page, Position until) const {
  const auto scope = Scope{"notifications"}.add('s', student.text).text();
  auto result = list_page<Notice>(ViewId::enrollments, scope, page, [&](Generation serving, KeyPage wanted) {
    return NotificationRows{store_, serving}.list(student, until, std::move(wanted));
  });
  result.listing.position = std::min(result.listing.position, until);
  return result;
}

SagaCounts Views::count_sagas() const {
  const auto serving = projector_.serving(ViewId::enrollments);
  try {
    return EnrollmentRows{store_, *serving}.count_sagas();
  } catch (const DamagedEntry& fault) {
    projector_.rows_damaged(ViewId::enrollments, *serving, fault.what());
    throw;
  }
}

ListResult<PageRow> Views::student_page(const StudentId& student, const Page& page) const {
  EnrollmentFilter filter;
  filter.student = student;
  auto enrollments = list_enrollments(filter, page);
  ListResult<PageRow> result;
  result.error = enrollments.error;
  result.cursor_invalid = enrollments.cursor_invalid;
  result.listing.next = std::move(enrollments.listing.next);
  result.listing.position = std::min(enrollments.listing.position, projector_.position(ViewId::courses));
  const auto serving = projector_.serving(ViewId::courses);
  const CourseRows courses{store_, *serving};
  std::unordered_map<CourseId, std::string> titles;
  for (auto& enrollment : enrollments.listing.items) {
    auto [title, is_new] = titles.try_emplace(enrollment.course);
    try {
      if (is_new) title->second = courses.title(enrollment.course);
    } catch (const DamagedEntry& fault) {
      projector_.rows_damaged(ViewId::courses, *serving, fault.what());
      result.error = ServiceError::view_damaged;
      return result;
    }
    result.listing.items.push_back({std::move(enrollment), title->second});
  }
  return result;
}

void Views::when_reached(std::vector<ViewId> views, Position position, std::function<void(bool reached)> done) {
  const auto deadline = PositionWaits::Clock::now() + limits_.min_position_timeout_ms;
  await_each(std::move(views), position, deadline, std::move(done));
}

void Views::await_each(std::vector<ViewId> views, Position position, PositionWaits::Clock::time_point deadline,
                       std::function<void(bool reached)> done) {
  if (views.empty()) return done(true);
  const auto view = views.back();
  views.pop_back();
  projector_.when_reached(
      view, position, deadline,
      [this, views = std::move(views), position, deadline, done = std::move(done)](bool reached) mutable {
        reached ? await_each(std::move(views), position, deadline, std::move(done)) : done(false);
      });
}

bool Views::rebuild(const std::string& name) {
  const auto view = find_view(name);
  if (view) projector_.rebuild(*view);
  return view.has_value();
}

bool Views::rebuilding(const std::string& name) const {
  const auto view = find_view(name);
  return view && projector_.rebuilding(*view);
}

std::vector<std::string> Views::names() {
  std::vector<std::string> names;
  names.reserve(named_views.size());
  for (const auto& [name, id] : named_views) names.emplace_back(name);
  return names;
}

Position Views::lag() const {
  const auto shown = position();
  return std::max(source_.end(), shown) - shown;
}

}  // namespace sugang
