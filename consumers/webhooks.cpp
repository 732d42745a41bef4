#include "consumers/webhooks.hpp"

#include <algorithm>

#include "actors/backoff.hpp"
#include "views/cursor.hpp"

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
      calls_(ports_.transport, limits_.call_timeout, waker_) {
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

void Webhooks::count_enabled() {
  enabled_ = static_cast<std::size_t>(std::count_if(
      registered_.begin(), registered_.end(), [](const auto& each) { return !each.second.webhook.disabled; }));
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
  for (const auto& [id, entry] : registrations_.all())
    if (registered_.emplace(id, know(entry)).first->second.secret.empty()) unreadable.push_back(id);
  for (auto id : store_.known()) {
    const auto it = registered_.find(id);
    if (it == registered_.end() || it->second.webhook.disabled) unloading_.insert(id);
    backlog_[id] = store_.count_pending(id);
  }
  count_enabled();
  return unreadable;
}

Webhooks::RegisteredWebhook Webhooks::know(const WebhookRegistry::Entry& entry) const {
  const auto& registered = entry.registered;
  const auto health = store_.health(registered.webhook);
  RegisteredWebhook known;
  known.webhook = {.id = registered.webhook,
                   .url = registered.url,
                   .kinds = registered.kinds,
                   .created_at = registered.at,
                   .disabled = entry.disabled,
                   .disabled_reason = entry.disabled_reason,
                   .failing_since = health.failing_since,
                   .failures = health.failures};
  known.secret = registrations_.secret_of(registered);
  known.after = registered.after;
  known.failing_for = health.failing_for;
  return known;
}

std::optional<NewWebhook> Webhooks::create(std::string url, std::vector<NoticeKind> kinds,
                                           const WebhookRegistrations::Complete& complete) {
  const std::lock_guard lock{mutex_};
  if (failed_) throw StorageError("webhooks stand still");
  auto durable = std::make_shared<std::atomic<bool>>(false);
  auto made = registrations_.add(std::move(url), std::move(kinds), complete, [durable, waker = waker_] {
    *durable = true;
    waker->wake();
  });
  if (!made) return std::nullopt;
  auto registered = know(registrations_.all().at(made->webhook.id));
  registered.durable = std::move(durable);
  registered_.emplace(made->webhook.id, std::move(registered));
  count_enabled();
  return made;
}

bool Webhooks::remove(WebhookId id) {
  {
    const std::lock_guard lock{mutex_};
    if (!registrations_.remove(id)) return false;
    WriteSet changes;
    WebhookStore::erase(changes, id);
    write(changes, Sync::no);
    registered_.erase(id);
    failing_.erase(id);
    unloading_.insert(id);
    count_enabled();
  }
  waker_->wake();
  return true;
}

ListResult<Webhook> Webhooks::list(const Page& page) const {
  constexpr std::string_view scope = "webhooks";
  ListResult<Webhook> result;
  std::string after;
  if (!page.cursor.empty()) {
    const auto key = read_cursor(scope, page.cursor);
    result.cursor_invalid = !key;
    if (!key) return result;
    after = *key;
  }
  auto& listing = result.listing;
  const std::lock_guard lock{mutex_};
  for (const auto& [id, registered] : registered_) {
    if (to_text(id) <= after) continue;
    if (listing.items.size() == page.limit) {
      listing.next = make_cursor(scope, to_text(listing.items.back().id));
      break;
    }
    listing.items.push_back(registered.webhook);
  }
  return result;
}

std::optional<ListResult<WebhookDelivery>> Webhooks::deliveries(WebhookId id, const Page& page) const {
  {
    const std::lock_guard lock{mutex_};
    if (!registered_.contains(id)) return std::nullopt;
  }
  return store_.list_deliveries(id, page);
}

bool Webhooks::RegisteredWebhook::takes(const Notice& notice) const {
  return !webhook.disabled && after < notice.position &&
         (webhook.kinds.empty() ||
          std::find(webhook.kinds.begin(), webhook.kinds.end(), notice.kind) != webhook.kinds.end());
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
    if (auto context = ports_.contexts.find(subject->enrollment))
      notices.push_back(make_notice(record, *subject, std::move(context->student), std::move(context->course)));
  }
  return notices;
}

void Webhooks::take_up(std::span<const Notice> notices, Position until) {
  const std::lock_guard lock{mutex_};
  WriteSet changes;
  for (const auto& notice : notices) queue(notice, changes);
  if (!changes.empty()) {
    WebhookStore::put_cursor(changes, until);
    write(changes, Sync::yes);
  }
  position_.store(until, std::memory_order_release);
}

/// A repeated one finds its notice or, once that has an end, its deliveries.
void Webhooks::queue(const Notice& notice, WriteSet& changes) {
  if (store_.notice(notice.about)) return;
  OutwardNotice outward;
  const auto now = ports_.timers.now();
  const auto due = clock_.now();
  std::string body;
  for (const auto& [id, registered] : registered_) {
    if (!registered.takes(notice) || store_.delivery(id, notice.about)) continue;
    WebhookDelivery delivery{.about = notice.about,
                             .kind = notice.kind,
                             .enrollment = notice.enrollment,
                             .student = notice.student,
                             .updated_at = now};
    if (backlog_[id] >= limits_.backlog_max) {
      delivery.state = WebhookDeliveryState::failed;
      outward.error = delivery.error = "the webhook's backlog is full";
    } else {
      delivery.next_attempt_at = now;
      if (outward.left++ == 0) body = ports_.render(notice);
      WebhookStore::put(changes, id, PendingCall{notice.about, due, body});
      ++backlog_[id];
    }
    WebhookStore::put(changes, id, delivery);
  }
  if (outward.left > 0 || !outward.error.empty()) WebhookStore::put(changes, notice.about, outward);
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
  if (std::any_of(registered_.begin(), registered_.end(),
                  [&](const auto& each) { return each.second.takes(about); }))
    notification.state = NotificationState::queued;
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
  const auto& call = outcome.call;
  const auto registered = registered_.find(call.webhook);
  auto delivery = store_.delivery(call.webhook, call.pending.about);
  if (delivery) {
    ++delivery->attempts;
    delivery->status = outcome.answer.status;
    delivery->error = arrived(outcome.answer) ? "" : error_of(outcome.answer);
  }
  const bool known = registered != registered_.end() && !registered->second.webhook.disabled;
  if (arrived(outcome.answer)) {
    if (known) note_arrival(registered->second);
    return end_delivery(call, std::move(delivery), true, {});
  }
  if (known && outcome.answer.status == gone) disable(registered->second, "it answered 410");
  if (known) note_failure(registered->second, error_of(outcome.answer));
  const bool again =
      known && !registered->second.webhook.disabled && delivery && delivery->attempts < limits_.attempts_max;
  if (again) return call_later(call, std::move(*delivery));
  end_delivery(call, std::move(delivery), false, error_of(outcome.answer));
}

void Webhooks::note_arrival(RegisteredWebhook& registered) {
  auto& webhook = registered.webhook;
  if (webhook.failures == 0) return;
  webhook.failures = 0;
  webhook.failing_since.reset();
  failing_.erase(webhook.id);
  WriteSet changes;
  put_health(changes, registered);
  write(changes, Sync::no);
}

void Webhooks::put_health(WriteSet& changes, const RegisteredWebhook& registered) {
  const auto& webhook = registered.webhook;
  WebhookStore::put(changes, webhook.id,
                    WebhookHealth{webhook.failing_since, webhook.failures, registered.failing_for});
}

void Webhooks::note_failure(RegisteredWebhook& registered, const std::string& error) {
  auto& webhook = registered.webhook;
  if (webhook.disabled) return;
  const auto now = clock_.now();
  auto& failing = failing_[webhook.id];
  if (webhook.failures++ == 0) {
    webhook.failing_since = ports_.timers.now();
    registered.failing_for = {};
  } else if (failing.last) {
    registered.failing_for += now - *failing.last;
  }
  failing.last = now;
  if (webhook.failures >= limits_.failures_max) {
    if (registered.failing_for >= limits_.dead_max)
      return disable(registered, "no call has arrived since " + to_text(*webhook.failing_since) + ": " + error);
    // Calls that were out together and fail together are one reason to rest.
    if (failing.rest_until <= now) failing.rest_until = now + retry_after(++failing.rests);
  }
  WriteSet changes;
  put_health(changes, registered);
  write(changes, Sync::no);
}

void Webhooks::disable(RegisteredWebhook& registered, std::string reason) {
  auto& webhook = registered.webhook;
  webhook.disabled = true;
  webhook.disabled_reason = reason;
  registrations_.disable(webhook.id, std::move(reason),
                         [disabled = ports_.disabled, webhook] { disabled(webhook); });
  WriteSet changes;
  put_health(changes, registered);
  write(changes, Sync::no);
  failing_.erase(webhook.id);
  unloading_.insert(webhook.id);
  count_enabled();
}

Milliseconds Webhooks::retry_after(std::uint32_t attempt) const {
  return backoff(limits_.retry_min, limits_.retry_max, attempt, ports_.ids.mint(ports_.timers.now(), {}).low);
}

void Webhooks::call_later(const Call& call, WebhookDelivery delivery) {
  const auto now = ports_.timers.now();
  const auto wait = retry_after(delivery.attempts);
  delivery.updated_at = now;
  delivery.next_attempt_at = now + wait;
  WriteSet changes;
  WebhookStore::erase(changes, call.webhook, call.pending);
  WebhookStore::put(changes, call.webhook, PendingCall{call.pending.about, clock_.now() + wait, call.pending.body});
  WebhookStore::put(changes, call.webhook, delivery);
  write(changes, Sync::no);
}

/// Not synced: what a power cut takes of it is called for again.
void Webhooks::end_delivery(const Call& call, std::optional<WebhookDelivery> delivery, bool delivered,
                            const std::string& error) {
  WriteSet changes;
  WebhookStore::erase(changes, call.webhook, call.pending);
  if (auto& backlog = backlog_[call.webhook]; backlog > 0) --backlog;
  if (delivery) {
    delivery->state = delivered ? WebhookDeliveryState::delivered : WebhookDeliveryState::failed;
    if (delivery->error.empty()) delivery->error = error;
    delivery->updated_at = ports_.timers.now();
    delivery->next_attempt_at.reset();
    WebhookStore::put(changes, call.webhook, *delivery);
  }
  if (auto notice = store_.notice(call.pending.about); notice && notice->left > 0) {
    --notice->left;
    notice->delivered += delivered ? 1 : 0;
    if (!delivered) notice->error = error;
    if (notice->left == 0 && notice->delivered > 0)
      WebhookStore::erase(changes, call.pending.about);
    else
      WebhookStore::put(changes, call.pending.about, *notice);
  }
  write(changes, Sync::no);
}

/// What is pending for webhooks that are no more.
bool Webhooks::give_up_leaving() {
  bool worked = false;
  for (auto it = unloading_.begin(); it != unloading_.end();) {
    const auto id = *it;
    const bool removed = !registered_.contains(id);
    const auto out = calls_.count_of(id);
    const auto pending = store_.pending(id, given_up_at_a_time + out);
    for (const auto& call : pending) {
      if (calls_.has(id, call.about)) continue;
      // Of one that was removed nothing is kept.
      auto delivery = removed ? std::nullopt : store_.delivery(id, call.about);
      end_delivery({id, call}, std::move(delivery), false,
                   removed ? "the webhook was removed"
                           : "the webhook is disabled: " + registered_.at(id).webhook.disabled_reason);
      worked = true;
    }
    if (!pending.empty() || out > 0) {
      ++it;
      continue;
    }
    if (removed) store_.forget_deliveries(id);
    backlog_.erase(id);
    it = unloading_.erase(it);
  }
  return worked;
}

/// Each webhook in its turn begins as many calls as it may; the first one changes from pass to pass.
bool Webhooks::begin_due(std::vector<Call>& begun) {
  const auto from = registered_.upper_bound(first_);
  for (auto it = from; it != registered_.end(); ++it) begin_due_of(it->first, begun);
  for (auto it = registered_.begin(); it != from; ++it) begin_due_of(it->first, begun);
  if (!begun.empty()) first_ = begun.front().webhook;
  return !begun.empty();
}

bool Webhooks::begin_due_of(WebhookId id, std::vector<Call>& begun) {
  const auto& registered = registered_.at(id);
  if (registered.webhook.disabled || registered.secret.empty() || !*registered.durable) return false;
  auto out = calls_.count_of(id);
  const auto now = clock_.now();
  const auto failing = failing_.find(id);
  const bool is_dead = failing != failing_.end() && failing->second.rests > 0;
  const auto out_max = is_dead ? 1 : limits_.calls_per_webhook_max;
  for (auto& call : store_.pending(id, limits_.calls_per_webhook_max + 1)) {
    if (calls_.has(id, call.about)) continue;
    // No retry is put off for longer: one that is comes from an earlier start, whose clock was another.
    auto due = call.due > now + limits_.retry_max ? now : call.due;
    if (is_dead) due = std::max(due, failing->second.rest_until);
    if (due > now) {
      wake_at(due);
      return false;
    }
    // An answer makes room and wakes.
    if (out >= out_max || calls_.count() >= limits_.calls_max) return false;
    ++out;
    begun.push_back({id, std::move(call)});
    calls_.begin(begun.back());
  }
  return true;
}

void Webhooks::post(const Call& call) {
  RegisteredWebhook to;
  {
    const std::lock_guard lock{mutex_};
    const auto it = registered_.find(call.webhook);
    // Removed since it was begun: it is not called, and what is pending is given up.
    if (it == registered_.end()) return calls_.drop(call);
    to = it->second;
  }
  calls_.post(call, to.webhook.url, to.secret, ports_.timers.now());
}

void Webhooks::forget_old() {
  const auto now = clock_.now();
  if (now < forgotten_at_ + forget_interval) return;
  forgotten_at_ = now;
  // Events are dated by the wall clock.
  const auto before = clock_.earliest() - limits_.deliveries_kept;
  for (const auto& [id, registered] : registered_) store_.forget_deliveries(id, before);
}

void Webhooks::wake_at(TimePoint when) {
  const auto now = clock_.now();
  if (alarm_ && *alarm_ > now && *alarm_ <= when) return;
  alarm_ = when;
  ports_.timers.after(when - now, [waker = waker_] { waker->wake(); });
}

}  // namespace sugang
