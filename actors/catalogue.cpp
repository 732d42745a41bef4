#include "actors/catalogue.hpp"

#include <algorithm>
#include <utility>

#include "actors/answering.hpp"
#include "actors/directory.hpp"

namespace sugang {

Catalogue::Catalogue(caf::actor_config& config, Node& node) : caf::event_based_actor(config), node_(node) {}

caf::behavior Catalogue::make_behavior() {
  return {
      [this](RegisterCourses& job) {
        jobs_.push_back(std::move(job));
        if (!busy_) guarded([this] { start_next(); });
      },
      [this](const CourseProbed& probed) { guarded([this, &probed] { hear(probed); }); },
  };
}

/// An exception that escaped would end the only actor that registers courses. The job under way is given up, and
/// its asker dropped with it.
void Catalogue::guarded(const std::function<void()>& work) {
  try {
    return work();
  } catch (const std::exception& fault) {
    node_.report(std::string{"catalogue: "} + fault.what());
  }
  if (unanswered_ > 0) jobs_.pop_front();
  unanswered_ = 0;
  guarded([this] { start_next(); });
}

void Catalogue::start_next() {
  busy_ = !jobs_.empty();
  if (!busy_) return;
  ++job_;
  first_registered_.reset();
  unread_.reset();
  const auto& rows = jobs_.front().rows;
  unanswered_ = rows.size();
  if (rows.empty()) return finish();
  auto self = caf::actor_cast<caf::actor>(this);
  for (std::size_t row = 0; row < rows.size(); ++row)
    node_.directory.send(rows[row].id, ProbeCourse{[self, job = job_, row](bool registered) {
                                                     caf::anon_send(self, CourseProbed{job, row, registered});
                                                   },
                                                   [self, job = job_, row](ServiceError error) {
                                                     caf::anon_send(self, CourseProbed{job, row, false, error});
                                                   }});
}

void Catalogue::hear(const CourseProbed& probed) {
  if (probed.job != job_) return;
  if (probed.registered) first_registered_ = std::min(first_registered_.value_or(probed.row), probed.row);
  if (probed.error && !unread_) unread_ = {probed.row, *probed.error};
  if (--unanswered_ == 0) finish();
}

void Catalogue::finish() {
  auto job = std::move(jobs_.front());
  jobs_.pop_front();
  unanswered_ = 0;
  if (unread_) {
    Outcome outcome;
    outcome.refusal = unread_->second;
    outcome.line = job.rows[unread_->first].line;
    answer(node_, std::move(job.asker), outcome);
  } else if (first_registered_) {
    Outcome outcome;
    outcome.refusal = CourseError::already_exists;
    outcome.line = job.rows[*first_registered_].line;
    answer(node_, std::move(job.asker), outcome);
  } else {
    register_all(job);
  }
  start_next();
}

void Catalogue::register_all(RegisterCourses& job) {
  const auto now = node_.timers.now();
  Append append;
  if (const auto& key = job.asker.key) {
    append.records.push_back(claim_record(node_, *key, std::nullopt, job.asker.trace, now));
    job.asker.claimed = true;
  }
  const auto first = append.records.size();
  for (auto& row : job.rows) {
    Record record;
    record.aggregate = row.id;
    record.sequence = 1;
    record.id = EventId{node_.ids.mint(now, record.aggregate.partition())};
    record.time = now;
    record.trace = job.asker.trace;
    record.event = CourseEvent{CourseRegistered{row.definition}};
    // The course may have left memory since it answered; the journal holds nothing of it all the same.
    node_.journal.wake_new(record.aggregate);
    append.records.push_back(std::move(record));
  }
  std::vector<Record> registered{append.records.begin() + static_cast<std::ptrdiff_t>(first), append.records.end()};
  add_answer(node_, append, std::move(job.asker), outcome_of(job, now));
  const auto after_them = append.records.size() - first - registered.size();
  // Whoever hears the answer may enroll at once: the courses are told before it can leave.
  Append gate;
  gate.then = std::exchange(append.then, nullptr);
  auto position = node_.journal.append(std::move(append)) - after_them - registered.size();
  for (auto& record : registered) {
    record.position = ++position;
    auto course = record.aggregate;
    node_.directory.send(course, AdoptCourse{std::move(record)});
  }
  node_.journal.append(std::move(gate));
}

Outcome Catalogue::outcome_of(const RegisterCourses& job, TimePoint now) {
  Outcome outcome;
  if (job.single) {
    const auto& row = job.rows.front();
    outcome.subject = CourseSnapshot{.id = row.id,
                                     .definition = row.definition,
                                     .state = state_at(row.definition, now),
                                     .definition_version = 1,
                                     .sequence = 1};
  } else {
    outcome.subject = job.rows.size();
  }
  return outcome;
}

}  // namespace sugang
