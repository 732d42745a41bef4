#pragma once

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "actors/caller.hpp"
#include "domain/timeline.hpp"
#include "storage/journal.hpp"
#include "tests/domain/waitlist_position.hpp"

namespace sugang {

/// Everything that left the node, held against the journal when it was recovered, and at the end: what an answer
/// showed must be what some durable prefix shows, not older than what was durable when the caller came.
class AnswerLog {
 public:
  /// Journal positions that were durable when the caller came, and when the answer left.
  struct Span {
    Position asked = 0;
    Position answered = 0;
  };

  void shown(const EnrollmentSummary& summary, Span span) {
    if (summary.state != EnrollmentState::none) shown_.push_back({summary, span, false});
  }
  /// As `shown`, and it must have been read no earlier than the caller came.
  void read(const EnrollmentSummary& summary, Span span) {
    shown(summary, span);
    shown_.back().fresh = true;
  }
  /// An enrollment that the caller was reported does not exist.
  void missing(EnrollmentId id, Span span) { missing_.push_back({id, span}); }
  void refused(const CourseId& course, HoldSeats command, CourseError why, TimePoint now, Span span) {
    claim(course, span, "refused a hold for " + std::to_string(static_cast<int>(why)),
          [command = std::move(command), why, now](const Course& at, Sequence) mutable {
            // Which side the payments were on is not in the journal.
            for (auto side : {PaymentSide::available, PaymentSide::unavailable, PaymentSide::queue_full}) {
              command.payments = side;
              if (decide(at, command, now).error == why) return true;
            }
            return false;
          });
  }
  void course(const CourseId& id, std::optional<CourseSnapshot> shown, Span span) {
    claim(id, span, "was shown", [shown = std::move(shown)](const Course& at, Sequence sequence) {
      if (!shown) return !at.registered;
      return at.registered && shown->sequence == sequence && shown->held == at.held && shown->taken == at.taken &&
             shown->waitlisted == at.waitlisted && shown->cancelled == at.cancelled &&
             shown->definition_version == at.definition_version && shown->definition == at.definition;
    });
  }
  void already_registered(const CourseId& id, Span span) {
    claim(id, span, "was said to exist", [](const Course& at, Sequence) { return at.registered; });
  }
  void waitlist_position(const CourseId& id, EnrollmentId enrollment, std::optional<std::uint64_t> place,
                         Span span) {
    claim(id, span, "gave a waitlist position", [enrollment, place](const Course& at, Sequence) {
      return waitlist_position_of(at, enrollment) == place;
    });
  }

  /// As the journal had it at the last check.
  const EnrollmentSummary& summary(EnrollmentId id) const {
    static const EnrollmentSummary none;
    const auto it = stages_.find(id);
    return it == stages_.end() ? none : it->second.summary;
  }

  /// The first answer that the journal contradicts, if any. Reads what is durable since the last check.
  std::optional<std::string> check(const Journal& journal) {
    if (journal.durable_position() < seen_)
      return "position " + std::to_string(seen_) + " was durable, and the journal ends at " +
             std::to_string(journal.durable_position());
    const auto from = seen_;
    std::unordered_map<std::string, std::vector<Record>> of_courses;
    for (;;) {
      auto records = journal.read(seen_, 256);
      if (records.empty()) break;
      seen_ = records.back().position;
      for (auto& record : records) {
        if (record.enrollment) stages_[*record.enrollment].see(record);
        if (record.aggregate.kind == AggregateKind::course)
          of_courses[record.aggregate.name].push_back(std::move(record));
      }
    }
    auto fault = check_enrollments();
    for (auto& [name, claims] : claims_)
      if (!fault) fault = check_claims(name, claims, from, of_courses[name]);
    claims_.clear();
    for (auto& [name, records] : of_courses)
      for (const auto& record : records) courses_[name].see(record);
    return fault;
  }

 private:
  struct Shown {
    EnrollmentSummary summary;
    Span span;
    bool fresh = false;
  };
  struct Missing {
    EnrollmentId id;
    Span span;
  };
  /// What was said of a course: true of one of its states that the span covers.
  struct Claim {
    Span span;
    std::string what;
    std::function<bool(const Course&, Sequence)> holds;
  };
  struct Stages {
    EnrollmentSummary summary;
    std::vector<EnrollmentSummary> passed;
    std::string events;
    void see(const Record& record) {
      apply(summary, record);
      passed.push_back(summary);
      events.append(" ").append(std::to_string(record.position)).append(" ").append(event_name(record.event));
    }
    using Stage = std::vector<EnrollmentSummary>::const_iterator;
    /// The first stage behind `position`.
    Stage behind(Position position) const {
      return std::upper_bound(passed.begin(), passed.end(), position,
                              [](Position p, const EnrollmentSummary& s) { return p < s.position; });
    }
    /// As of `position`.
    const EnrollmentSummary* at(Position position) const {
      const auto it = behind(position);
      return it == passed.begin() ? nullptr : &*std::prev(it);
    }
  };
  struct CourseStage {
    Course course;
    Sequence sequence = 0;
    void see(const Record& record) {
      apply(course, std::get<CourseEvent>(record.event));
      sequence = record.sequence;
    }
  };

  void claim(const CourseId& course, Span span, std::string what,
             std::function<bool(const Course&, Sequence)> holds) {
    claims_[course.text].push_back({span, std::move(what), std::move(holds)});
  }

  std::string lost(Span span) const {
    return span.answered <= seen_ ? std::string{}
                                  : "was answered at position " + std::to_string(span.answered) +
                                        ", and the journal ends at " + std::to_string(seen_);
  }

  std::optional<std::string> check_enrollments() {
    for (const auto& [summary, span, fresh] : std::exchange(shown_, {})) {
      const auto& id = summary.id;
      if (auto why = lost(span); !why.empty()) return to_text(id) + " " + why;
      const auto& stages = stages_[id];
      const auto end = stages.behind(fresh ? summary.position : span.answered);
      if (end == stages.passed.begin() || (fresh && std::prev(end)->position != summary.position))
        return to_text(id) + " was shown as of position " + std::to_string(summary.position) +
               ", where the journal has nothing of it";
      if (auto what = contradiction(stages, end, summary, span, fresh); !what.empty())
        return to_text(id) + " was shown " + describe(summary) + ", when the journal had " +
               describe(*std::prev(end)) + ": " + what;
    }
    for (const auto& [id, span] : std::exchange(missing_, {}))
      if (stages_[id].at(span.asked)) return to_text(id) + " was durable, and not found";
    return std::nullopt;
  }

  /// A coordinator folds what participants journal as their replies come, before it has positions: each of them up
  /// to a place of its own, none behind `end`, nor less far than what was durable when the caller came.
  static std::string contradiction(const Stages& stages, Stages::Stage end, const EnrollmentSummary& shown,
                                   Span span, bool fresh) {
    const auto& passed = stages.passed;
    auto begin = stages.behind(span.asked);
    if (begin != passed.begin()) --begin;
    if (begin >= end || begin->version > shown.version) return "it was older than what was durable";
    if (shown.version > std::prev(end)->version) return "more was folded than the journal has";
    if (shown.version == std::prev(end)->version || fresh) {
      auto expected = *std::prev(end);
      if (!fresh) expected.position = shown.position;
      return differences(shown, expected);
    }
    auto passed_by = [&](auto member) {
      return std::any_of(begin, end, [&](const EnrollmentSummary& s) { return s.*member == shown.*member; });
    };
    using S = EnrollmentSummary;
    if (!passed_by(&S::state)) return "no such state";
    if (!passed_by(&S::payment)) return "no such payment";
    if (!passed_by(&S::mileage_earned)) return "no such mileage";
    if (!passed_by(&S::stock)) return "no such stock";
    if (!passed_by(&S::delivery)) return "no such delivery";
    if (!passed_by(&S::coaching)) return "no such coaching";
    return "";
  }
  /// Names of the members that differ.
  static std::string differences(const EnrollmentSummary& a, const EnrollmentSummary& b) {
    std::vector<std::function<bool(const void*)>> same;
    EnrollmentSummary::fields(a, [&]<class T>(const char*, const T& member) {
      same.push_back([&member](const void* other) { return member == *static_cast<const T*>(other); });
    });
    std::string text;
    std::size_t i = 0;
    EnrollmentSummary::fields(b, [&](const char* name, const auto& member) {
      if (!same[i++](&member)) (text += name) += " differs; ";
    });
    return text;
  }
  static std::string describe(const EnrollmentSummary& s) {
    auto text = std::string{to_text(s.state)} + "/" + std::string{to_text(s.saga)} + "/" +
                std::string{to_text(s.payment)} + " version " + std::to_string(s.version) + " position " +
                std::to_string(s.position) + " earned " + std::to_string(s.mileage_earned) + " awaits " +
                std::string{to_text(s.awaits)} + " attempts " + std::to_string(s.attempts);
    for (const auto& step : s.steps)
      text.append(" ").append(step_label(step.step, step.direction)).append(" ").append(to_text(step.state)) +=
          " at " + std::to_string(step.at.time_since_epoch().count());
    return text;
  }

  std::optional<std::string> check_claims(const std::string& name, const std::vector<Claim>& claims, Position from,
                                          const std::vector<Record>& records) {
    std::vector<bool> held(claims.size());
    auto stage = courses_[name];
    Position since = 0;
    auto look = [&](Position until) {
      for (std::size_t i = 0; i < claims.size(); ++i)
        if (!held[i] && since <= claims[i].span.answered && claims[i].span.asked < until)
          held[i] = claims[i].holds(stage.course, stage.sequence);
    };
    for (const auto& record : records) {
      look(record.position);
      stage.see(record);
      since = record.position;
    }
    look(std::numeric_limits<Position>::max());
    for (std::size_t i = 0; i < claims.size(); ++i) {
      const auto& [span, what, holds] = claims[i];
      if (auto why = lost(span); !why.empty()) return name + " " + what + " " + why;
      if (!held[i])
        return name + " " + what + " at a position from " + std::to_string(std::max(from, span.asked)) + " to " +
               std::to_string(span.answered) + ", and was so at none of them";
    }
    return std::nullopt;
  }

  Position seen_ = 0;
  std::unordered_map<EnrollmentId, Stages> stages_;
  std::unordered_map<std::string, CourseStage> courses_;
  std::vector<Shown> shown_;
  std::vector<Missing> missing_;
  std::map<std::string, std::vector<Claim>> claims_;
};

}  // namespace sugang
