#include "actors/catalogue.hpp"

#include <algorithm>
#include <utility>

#include "actors/answers.hpp"
#include "actors/directory.hpp"

namespace sugang {
namespace {

/// Yet without an id.
Record registration(const ImportRow& row, const TraceContext& trace, TimePoint now) {
  return {.aggregate = row.id,
          .sequence = 1,
          .time = now,
          .trace = trace,
          .event = CourseEvent{CourseRegistered{row.definition}}};
}

/// Why it is unknown whether there is such a course.
std::optional<ServiceError> error_of(Existence found) {
  switch (found) {
    case Existence::none:
    case Existence::some: return std::nullopt;
    case Existence::damaged: return ServiceError::journal_damaged;
    case Existence::quarantined: return ServiceError::quarantined;
    case Existence::unreadable: return ServiceError::read_failed;
  }
  return ServiceError::read_failed;
}

/// Every chunk, and then the decision.
DecidedImport stage_rows(Node& node, ImportStaging& staging, const std::vector<ImportRow>& rows,
                         const TraceContext& trace, DecidedImport import) {
  const auto now = node.timers.now();
  for (std::size_t first = 0; first < rows.size(); first += node.limits.import_chunk_rows) {
    const auto last = std::min(first + node.limits.import_chunk_rows, rows.size());
    std::vector<Record> records;
    records.reserve(last - first);
    for (auto row = first; row < last; ++row) records.push_back(registration(rows[row], trace, now));
    give_ids(node.ids, records);
    staging.put(import.chunks++, records);
  }
  import.rows = rows.size();
  staging.decide(import);
  return import;
}

bool has_answer(const std::vector<Record>& history) {
  return std::any_of(history.begin(), history.end(), [](const Record& record) {
    return std::holds_alternative<RequestAnswered>(std::get<RequestEvent>(record.event));
  });
}

/// None when it is damaged: then there is one, and the journal has set it apart.
std::optional<std::vector<Record>> readable_history(const Node& node, const AggregateId& id) {
  try {
    return node.journal.history(id);
  } catch (const JournalDamaged& damage) {
    node.report(damage.what());
    return std::nullopt;
  }
}

bool was_appended(const Node& node, const AggregateId& id) {
  const auto history = readable_history(node, id);
  return !history || !history->empty();
}

}  // namespace

Catalogue::Catalogue(caf::actor_config& config, Node& node, Ports ports)
    : caf::event_based_actor(config), node_(node), ports_(std::move(ports)) {}

caf::behavior Catalogue::make_behavior() {
  return {
      [this](CallCatalogue& call) {
        Job job{std::move(call.request.rows), node_.callers.commands.take(call.caller)};
        if (call.request.single) {
          singles_.push_back(std::move(job));
          look_up_singles();
        } else {
          imports_.push_back(std::move(job));
          start_import();
        }
      },
      [this](const ResumeImport&) { resume(); },
      [](const CatalogueTurn& turn) { turn.work(); },
  };
}

template <class Then>
auto Catalogue::in_turn(Then then) {
  return [self = caf::actor_cast<caf::actor>(this), then]<class... Results>(Results... results) {
    caf::anon_send(self, CatalogueTurn{[then, ... results = std::move(results)]() mutable { then(results...); }});
  };
}

/// An exception that escaped would end the only actor that registers courses.
template <class Then>
auto Catalogue::of_import(Then then) {
  return in_turn([this, import = imports_begun_, then](auto&... results) {
    if (!import_ || import != imports_begun_) return;
    try {
      then(results...);
    } catch (const std::exception& fault) {
      give_up_import(fault.what());
    }
  });
}

/// Before its decision it leaves nothing, and its caller is dropped with it. After it, only a start can carry it
/// out.
void Catalogue::give_up_import(const std::string& why) {
  node_.report("catalogue: " + why);
  if (import_ && import_->is_decided) return ports_.on_failure(why);
  if (import_) end_import();
}

template <class Work, class Then>
void Catalogue::apart(Work work, Then then) {
  ports_.apart([work = std::move(work), then = std::move(then), failed = ports_.on_failure] {
    try {
      then(work());
    } catch (const std::exception& fault) {
      failed(fault.what());
    }
  });
}

/// To courses that are loaded. Behind the append, so that one that is loaded later reads it.
void Catalogue::notify_residents(std::vector<Record> registered, Ticket append) {
  for (auto& record : registered) {
    auto course = record.aggregate;
    node_.directory.send_if_resident(course, AdoptCourse{std::move(record), append});
  }
}

void Catalogue::look_up_singles() {
  if (!looking_up_.empty() || singles_.empty()) return;
  looking_up_.swap(singles_);
  looking_up_since_ = imports_ended_;
  std::vector<AggregateId> ids;
  for (const auto& job : looking_up_) ids.emplace_back(job.rows.front().id);
  node_.journal.known_behind_appends(
      std::move(ids), in_turn([this](const std::vector<Existence>& found) { decide_singles(found); }));
}

void Catalogue::decide_singles(const std::vector<Existence>& found) {
  auto jobs = std::move(looking_up_);
  looking_up_.clear();
  std::unordered_set<std::string> registered;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    auto& job = jobs[i];
    const auto& id = job.rows.front().id.text;
    try {
      if (import_ && import_->ids.contains(id)) {
        import_->waiting.push_back(std::move(job));
      } else if (imports_ended_ != looking_up_since_) {
        singles_.push_back(std::move(job));
      } else if (const auto error = error_of(found[i])) {
        refuse(std::move(job.caller), 0, *error);
      } else if (found[i] == Existence::some || registered.contains(id)) {
        refuse(std::move(job.caller), 0, CourseError::already_exists);
      } else {
        register_single(job);
        registered.insert(id);
      }
    } catch (const std::exception& fault) {
      // This one is given up, and its caller dropped with it; the others continue.
      node_.report(std::string{"catalogue: "} + fault.what());
    }
  }
  look_up_singles();
}

void Catalogue::refuse(Caller caller, std::size_t line, Refusal why) {
  Outcome outcome;
  outcome.refusal = std::move(why);
  outcome.line = line;
  answer(node_, std::move(caller), outcome);
}

void Catalogue::register_single(Job& job) {
  const auto now = node_.timers.now();
  const auto& row = job.rows.front();
  Append append;
  if (const auto& key = job.caller.key) {
    append.records.push_back(claim_record(*key, std::nullopt, job.caller.trace, now));
    job.caller.claimed = true;
  }
  auto registered = registration(row, job.caller.trace, now);
  append.records.push_back(registered);
  append.created = {registered.aggregate};
  Outcome outcome;
  outcome.subject = CourseSnapshot{.id = row.id,
                                   .definition = row.definition,
                                   .state = state_at(row.definition, now),
                                   .definition_version = 1,
                                   .sequence = 1};
  add_answer(node_, append, std::move(job.caller), outcome);
  // An enrollment may follow the answer at once: the course is notified before the answer is sent.
  Append gate;
  gate.then = std::exchange(append.then, nullptr);
  give_ids(node_.ids, append.records);
  notify_residents({std::move(registered)}, node_.journal.append(std::move(append)));
  node_.journal.append(std::move(gate));
}

void Catalogue::start_import() {
  if (import_ || imports_.empty()) return;
  auto job = std::move(imports_.front());
  imports_.pop_front();
  import_ = std::make_unique<Import>();
  import_->rows = std::make_shared<const std::vector<ImportRow>>(std::move(job.rows));
  import_->caller = std::move(job.caller);
  ++imports_begun_;
  apart(
      [rows = import_->rows] {
        std::unordered_set<std::string> ids;
        ids.reserve(rows->size());
        for (const auto& row : *rows) ids.insert(row.id.text);
        return ids;
      },
      of_import([this](std::unordered_set<std::string>& reserved) {
        import_->ids = std::move(reserved);
        look_up_rows();
      }));
}

void Catalogue::look_up_rows() {
  const auto& rows = *import_->rows;
  const auto first = rows.begin() + static_cast<std::ptrdiff_t>(import_->looked_up);
  const auto count = std::min(node_.limits.import_chunk_rows, rows.size() - import_->looked_up);
  std::vector<AggregateId> ids;
  ids.reserve(count);
  for (auto row = first; row != first + static_cast<std::ptrdiff_t>(count); ++row) ids.emplace_back(row->id);
  node_.journal.known_behind_appends(
      std::move(ids), of_import([this](const std::vector<Existence>& found) { decide_rows(found); }));
}

void Catalogue::decide_rows(const std::vector<Existence>& found) {
  const auto taken =
      std::find_if(found.begin(), found.end(), [](Existence each) { return each != Existence::none; });
  if (taken != found.end()) {
    const auto row = import_->looked_up + static_cast<std::size_t>(taken - found.begin());
    const auto error = error_of(*taken);
    refuse(std::move(import_->caller), (*import_->rows)[row].line,
           error ? Refusal{*error} : Refusal{CourseError::already_exists});
    return end_import();
  }
  import_->looked_up += found.size();
  if (import_->looked_up < import_->rows->size()) return look_up_rows();
  stage();
}

void Catalogue::stage() {
  Outcome outcome;
  outcome.subject = import_->rows->size();
  DecidedImport decided{.key = import_->caller.key, .answer = import_->caller.render(outcome)};
  apart([&node = node_, &staging = ports_.staging, rows = std::move(import_->rows), trace = import_->caller.trace,
         decided = std::move(decided)] { return stage_rows(node, staging, *rows, trace, decided); },
        of_import([this](DecidedImport& staged) {
          import_->decided = std::move(staged);
          import_->is_decided = true;
          read_chunk();
        }));
}

/// The next one, once the one before is durable: the journal never has two to write.
void Catalogue::read_chunk() {
  if (import_->chunks_read == import_->decided.chunks) return finish();
  apart(
      [&node = node_, &staging = ports_.staging, chunk = import_->chunks_read++, resumed = import_->resumed] {
        auto records = staging.chunk(chunk);
        // A chunk is one append, so its first course shows it.
        if (resumed && was_appended(node, records.front().aggregate)) records.clear();
        return records;
      },
      of_import([this](std::vector<Record>& records) { append_chunk(std::move(records)); }));
}

void Catalogue::append_chunk(std::vector<Record> records) {
  if (records.empty()) return read_chunk();
  Append append;
  auto& caller = import_->caller;
  if (caller.key && !std::exchange(caller.claimed, true))
    append.records.push_back(claim_record(*caller.key, std::nullopt, caller.trace, node_.timers.now()));
  give_ids(node_.ids, append.records);
  append.records.insert(append.records.end(), records.begin(), records.end());
  for (const auto& record : records) append.created.push_back(record.aggregate);
  append.then = of_import([this](Position) { read_chunk(); });
  const auto ticket = node_.journal.append(std::move(append));
  import_->registered += records.size();
  notify_residents(std::move(records), ticket);
  ports_.progress(import_->registered, import_->decided.rows);
}

void Catalogue::finish() {
  auto& caller = import_->caller;
  const auto now = node_.timers.now();
  auto answered = std::move(import_->decided.answer);
  Append append;
  if (caller.key && !import_->answered) {
    if (!caller.claimed) append.records.push_back(claim_record(*caller.key, std::nullopt, caller.trace, now));
    append.records.push_back(answer_record(*caller.key, answered, caller.trace, now));
    give_ids(node_.ids, append.records);
  }
  append.then = [ended = of_import([this] { end_import(); }), deliver = std::move(caller.deliver),
                 answered = std::move(answered)](Position position) mutable {
    answered.position = position;
    if (deliver) deliver(std::move(answered));
    ended();
  };
  node_.journal.append(std::move(append));
}

void Catalogue::end_import() {
  ports_.apart([&staging = ports_.staging, failed = ports_.on_failure] {
    try {
      staging.clear();
    } catch (const StorageError& error) {
      failed(error.what());
    }
  });
  if (const auto& key = import_->caller.key; key && import_->resumed) node_.journal.forget(key->id);
  const bool resumed = import_->resumed;
  auto waiting = std::move(import_->waiting);
  import_.reset();
  ++imports_ended_;
  std::move(waiting.begin(), waiting.end(), std::back_inserter(singles_));
  if (resumed) ports_.resumed();
  look_up_singles();
  start_import();
}

void Catalogue::resume() {
  apart(
      [&node = node_, &staging = ports_.staging] {
        Resumed resumed{.decided = staging.decided()};
        if (!resumed.decided) {
          staging.clear();
        } else if (const auto& key = resumed.decided->key) {
          resumed.claimed = resumed.answered = true;
          if (const auto history = readable_history(node, key->id)) {
            resumed.claimed = !history->empty();
            resumed.answered = has_answer(*history);
          }
        }
        return resumed;
      },
      in_turn([this](Resumed& resumed) { continue_resumed(std::move(resumed)); }));
}

void Catalogue::continue_resumed(Resumed resumed) {
  if (!resumed.decided) return ports_.resumed();
  ++imports_begun_;
  import_ = std::make_unique<Import>();
  import_->resumed = true;
  import_->answered = resumed.answered;
  import_->caller.key = resumed.decided->key;
  import_->caller.claimed = resumed.claimed;
  // No caller uses the key while a start carries the import out.
  if (const auto& key = import_->caller.key) node_.journal.wake_new(key->id, resumed.claimed ? 1 : 0);
  import_->decided = *std::move(resumed.decided);
  import_->is_decided = true;
  read_chunk();
}

}  // namespace sugang
