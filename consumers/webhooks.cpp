#include "consumers/webhooks.hpp"

#include <algorithm>

#include "actors/backoff.hpp"

namespace sugang {
namespace {

constexpr std::uint16_t gone = 410;
constexpr std::size_t given_up_at_a_time = 256;
constexpr Milliseconds forget_interval{3'600'000};

bool arrived(const WebhookAnswer& answer) { return answer.status && *answer.status / 100 == 2; }

std::string error_of(const WebhookAnswer& answer) {
  return answer.status ? "answered " + std::to_string(*answer.status) : answer.error;
}

}  // namespace

Webhooks::Webhooks(KeyValueStore& store, Limits limits, Ports ports)
    : limits_(limits),
      ports_(std::move(ports)),
      clock_(ports_.timers),
      store_(store),
      registrations_(ports_.journal, ports_.sealer, ports_.ids, ports_.timers, limits_.snapshot_events),
      calls_(ports_.transport, limits_.call_timeout, waker_),
      deliveries_(store_, ports_.timers, clock_, ports_.render, limits_.backlog_max) {
  const auto end = ports_.journal.durable_position();
  const auto kept = store_.cursor();
  position_ = std::min(kept.value_or(end), end);
  if (kept) return;
  // A store that is new calls for nothing that was before it.
  WriteSet changes;
  WebhookStore::put_cursor(changes, end);
  write(changes, Sync::yes);
}

Webhooks::~Webhooks() { stop(); }

void Webhooks::start() {
  waker_->wake();
  thread_ = std::thread{[this] { run(); }};
}

void Webhooks::stop() {
  if (waker_->stop() && thread_.joinable()) thread_.join();
}

void Webhooks::run() {
  try {
    while (!waker_->stopped()) {
      waker_->wait();
      while (!waker_->stopped() && run_once()) {
      }
    }
  } catch (const std::exception& fault) {
    stand_still(fault);
  }
}

void Webhooks::stand_still() {
  const std::lock_guard lock{mutex_};
  failed_ = true;
}

/// write() has reported a failed write.
void Webhooks::stand_still(const std::exception& fault) {
  const std::lock_guard lock{mutex_};
  if (std::exchange(failed_, true)) return;
  (ports_.on_damage ? ports_.on_damage : ports_.on_failure)(std::string{"webhooks: "} + fault.what());
}

void Webhooks::pause(bool paused) {
  paused_.store(paused, std::memory_order_release);
  waker_->wake();
}

void Webhooks::write(const WriteSet& changes, Sync sync) {
  try {
    if (failed_) throw StorageError("a write failed before");
    store_.write(changes, sync);
  } catch (const StorageError& error) {
    if (!std::exchange(failed_, true)) ports_.on_failure(std::string{"webhooks: "} + error.what());
    throw;
  }
}

std::vector<WebhookId> Webhooks::load(const Recovered& recovered) {
  const std::lock_guard lock{mutex_};
  registrations_.load(recovered);
  std::vector<WebhookId> unreadable;
  for (const auto& [id, known] : registrations_.all()) {
    health_[id].kept = store_.health(id);
    if (known.secret.empty()) unreadable.push_back(id);
  }
  for (auto id : store_.known()) {
    if (!registrations_.is_enabled(id)) unloading_.insert(id);
    deliveries_.load(id);
  }
  return unreadable;
}

std::optional<NewWebhook> Webhooks::create(std::string url, std::vector<NoticeKind> kinds,
                                           const WebhookRegistrations::Complete& complete) {
  const std::lock_guard lock{mutex_};
  if (failed_) throw StorageError("webhooks stand still");
  return registrations_.add(std::move(url), std::move(kinds), complete, [waker = waker_] { waker->wake(); });
}

bool Webhooks::remove(WebhookId id) {
  {
    const std::lock_guard lock{mutex_};
    if (!registrations_.remove(id)) return false;
    WriteSet changes;
    WebhookStore::erase(changes, id);
    write(changes, Sync::no);
    health_.erase(id);
    unloading_.insert(id);
  }
  waker_->wake();
  return true;
}

ListResult<Webhook> Webhooks::list(const Page& page) const {
  const std::lock_guard lock{mutex_};
  auto result = registrations_.list(page);
  for (auto& webhook : result.listing.items)
    if (const auto health = health_.find(webhook.id); health != health_.end()) {
      webhook.failing_since = health->second.kept.failing_since;
      webhook.failures = health->second.kept.failures;
    }
  return result;
}

std::optional<ListResult<WebhookDelivery>> Webhooks::deliveries(WebhookId id, const Page& page) const {
  {
    const std::lock_guard lock{mutex_};
    if (!registrations_.find(id)) return std::nullopt;
  }
  return store_.list_deliveries(id, page);
}

/// While no webhook is enabled nothing does: one that is registered later takes what comes behind that.
bool Webhooks::concerns(const Record& record) const {
  return any() && (EnrollmentContexts::learns_from(record) || notice_of(record));
}

void Webhooks::keep_cursor(Position position) {
  const std::lock_guard lock{mutex_};
  position_.store(position, std::memory_order_release);
  // What passes nothing that was called for may be lost: it is passed again.
  WriteSet changes;
  WebhookStore::put_cursor(changes, position);
  if (!failed_) write(changes, Sync::no);
}

void Webhooks::consume(std::span<const Record> records, Done done) {
  const auto notices = notices_in(records);
  try {
    take_up(notices, records.back().position);
  } catch (const DamagedEntry& fault) {
    stand_still(fault);
    throw;
  }
  waker_->wake();
  done();
}

/// Throws JournalDamaged when the enrollment of one can't be read.
std::vector<Notice> Webhooks::notices_in(std::span<const Record> records) {
  std::vector<Notice> notices;
  for (const auto& record : records) {
    ports_.contexts.learn(record);
    const auto subject = notice_of(record);
    if (!subject) continue;
    if (auto context = ports_.contexts.find(subject->enrollment, record.position))
      notices.push_back(make_notice(record, *subject, std::move(context->student), std::move(context->course)));
  }
  return notices;
}

void Webhooks::take_up(std::span<const Notice> notices, Position until) {
  const std::lock_guard lock{mutex_};
  WriteSet changes;
  for (const auto& notice : notices) deliveries_.queue(changes, notice, registrations_.takers_of(notice));
  if (!changes.empty()) {
    WebhookStore::put_cursor(changes, until);
    write(changes, Sync::yes);
  }
  position_.store(until, std::memory_order_release);
}

Notification Webhooks::standing(Notice notice) {
  Notification notification{.notice = std::move(notice)};
  const auto& about = notification.notice;
  // Read before the store: what it covers is there then.
  const auto reached = position_.load(std::memory_order_acquire);
  try {
    if (const auto outward = store_.notice(about.about)) {
      notification.state = outward->left > 0 ? NotificationState::queued : NotificationState::failed;
      if (outward->left == 0) notification.error = outward->error;
      return notification;
    }
  } catch (const StorageError& fault) {
    if (dynamic_cast<const DamagedEntry*>(&fault)) stand_still(fault);
    notification.state = NotificationState::queued;
    return notification;
  }
  if (about.position <= reached) return notification;
  const std::lock_guard lock{mutex_};
  if (!registrations_.takers_of(about).empty()) notification.state = NotificationState::queued;
  return notification;
}

bool Webhooks::run_once() {
  std::vector<Call> begun;
  bool worked = false;
  {
    const std::lock_guard lock{mutex_};
    worked = take_outcomes();
    worked = give_up_leaving() || worked;
    if (!paused_.load(std::memory_order_acquire)) worked = begin_due(begun) || worked;
    forget_old();
  }
  for (const auto& call : begun) post(call);
  return worked;
}

bool Webhooks::take_outcomes() {
  const auto outcomes = calls_.take_answered();
  for (const auto& outcome : outcomes) book(outcome);
  return !outcomes.empty();
}

void Webhooks::book(const Outcome& outcome) {
  const auto& [call, answer] = outcome;
  const auto id = call.webhook;
  const auto error = arrived(answer) ? "" : error_of(answer);
  auto delivery = store_.delivery(id, call.pending.about);
  if (delivery) {
    ++delivery->attempts;
    delivery->status = answer.status;
    delivery->error = error;
  }
  if (registrations_.is_enabled(id)) note_health(id, answer);
  const bool again =
      !arrived(answer) && registrations_.is_enabled(id) && delivery && delivery->attempts < limits_.attempts_max;
  if (!again) return end_delivery(call, std::move(delivery), arrived(answer), error);
  WriteSet changes;
  const auto wait = retry_after(delivery->attempts);
  deliveries_.put_off(changes, call, *std::move(delivery), wait);
  write(changes, Sync::no);
}

void Webhooks::note_health(WebhookId id, const WebhookAnswer& answer) {
  if (answer.status == gone) return disable(id, "it answered 410");
  auto& health = health_[id];
  auto& kept = health.kept;
  const auto now = clock_.now();
  if (!arrived(answer)) {
    if (kept.failures == 0)
      kept = {.failing_since = ports_.timers.now()};
    else if (health.last_failure)
      kept.failing_for += now - *health.last_failure;
    ++kept.failures;
    health.last_failure = now;
  } else if (kept.failures > 0) {
    health = {};
  } else {
    return;
  }
  WriteSet changes;
  WebhookStore::put(changes, id, kept);
  write(changes, Sync::no);
  if (kept.failures < limits_.failures_max) return;
  if (kept.failing_for >= limits_.dead_max)
    return disable(id, "no call has arrived since " + to_text(*kept.failing_since) + ": " + error_of(answer));
  // Calls that were out together and fail together are one reason to rest.
  if (health.rest_until <= now) health.rest_until = now + retry_after(++health.rests);
}

void Webhooks::disable(WebhookId id, std::string reason) {
  registrations_.disable(id, std::move(reason), ports_.disabled);
  unloading_.insert(id);
}

Milliseconds Webhooks::retry_after(std::uint32_t attempt) const {
  return backoff(limits_.retry_min, limits_.retry_max, attempt, ports_.ids.mint(ports_.timers.now(), {}).low);
}

/// Not synced: what a power cut takes of it is called for again.
void Webhooks::end_delivery(const Call& call, std::optional<WebhookDelivery> delivery, bool delivered,
                            const std::string& error) {
  WriteSet changes;
  deliveries_.end(changes, call, std::move(delivery), delivered, error);
  write(changes, Sync::no);
}

/// What is pending for webhooks that are no more.
bool Webhooks::give_up_leaving() {
  bool worked = false;
  for (auto it = unloading_.begin(); it != unloading_.end();) {
    const auto id = *it;
    const auto* known = registrations_.find(id);
    const auto out = calls_.count_of(id);
    const auto pending = store_.pending(id, given_up_at_a_time + out);
    for (const auto& call : pending) {
      if (calls_.has(id, call.about)) continue;
      // Of one that was removed nothing is kept.
      auto delivery = known ? store_.delivery(id, call.about) : std::nullopt;
      end_delivery(
          {id, call}, std::move(delivery), false,
          known ? "the webhook is disabled: " + known->webhook.disabled_reason : "the webhook was removed");
      worked = true;
    }
    if (!pending.empty() || out > 0) {
      ++it;
      continue;
    }
    if (!known) store_.forget_deliveries(id);
    deliveries_.forget(id);
    it = unloading_.erase(it);
  }
  return worked;
}

/// Each webhook in its turn begins as many calls as it may; the first one changes from pass to pass.
bool Webhooks::begin_due(std::vector<Call>& begun) {
  const auto& all = registrations_.all();
  const auto from = all.upper_bound(first_);
  for (auto it = from; it != all.end(); ++it) begin_due_of(it->second, begun);
  for (auto it = all.begin(); it != from; ++it) begin_due_of(it->second, begun);
  if (!begun.empty()) first_ = begun.front().webhook;
  return !begun.empty();
}

void Webhooks::begin_due_of(const WebhookRegistrations::Known& known, std::vector<Call>& begun) {
  if (known.webhook.disabled || known.secret.empty() || !*known.durable) return;
  const auto id = known.webhook.id;
  auto out = calls_.count_of(id);
  const auto now = clock_.now();
  const auto& health = health_[id];
  const bool is_dead = health.rests > 0;
  const auto out_max = is_dead ? 1 : limits_.calls_per_webhook_max;
  for (auto& call : store_.pending(id, limits_.calls_per_webhook_max + 1)) {
    if (calls_.has(id, call.about)) continue;
    // No retry is put off for longer: one that is comes from an earlier start, whose clock was another.
    auto due = call.due > now + limits_.retry_max ? now : call.due;
    if (is_dead) due = std::max(due, health.rest_until);
    if (due > now) return wake_at(due);
    // An answer makes room and wakes.
    if (out >= out_max || calls_.count() >= limits_.calls_max) return;
    ++out;
    begun.push_back({id, std::move(call)});
    calls_.begin(begun.back());
  }
}

void Webhooks::post(const Call& call) {
  std::string url;
  std::string secret;
  {
    const std::lock_guard lock{mutex_};
    const auto* known = registrations_.find(call.webhook);
    // Removed since it was begun: it is not called, and what is pending is given up.
    if (!known) return calls_.drop(call);
    url = known->webhook.url;
    secret = known->secret;
  }
  calls_.post(call, url, secret, ports_.timers.now());
}

void Webhooks::forget_old() {
  const auto now = clock_.now();
  if (now < forgotten_at_ + forget_interval) return;
  forgotten_at_ = now;
  // Events are dated by the wall clock.
  const auto before = clock_.earliest() - limits_.deliveries_kept;
  for (const auto& [id, known] : registrations_.all()) store_.forget_deliveries(id, before);
}

void Webhooks::wake_at(TimePoint when) {
  const auto now = clock_.now();
  if (alarm_ && *alarm_ > now && *alarm_ <= when) return;
  alarm_ = when;
  ports_.timers.after(when - now, [waker = waker_] { waker->wake(); });
}

}  // namespace sugang
