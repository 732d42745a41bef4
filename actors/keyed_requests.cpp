#include "actors/keyed_requests.hpp"

#include <algorithm>

#include "actors/answers.hpp"

namespace sugang {
namespace {

Answer stored_answer(const RequestAnswered& answered, Position position) {
  return {.status = answered.status,
          .content_type = answered.content_type,
          .location = answered.location,
          .body = answered.body,
          .etag = answered.etag,
          .position = position};
}

/// The request's records, or the error for its caller.
template <class Read>
std::variant<std::vector<Record>, ServiceError> read_history(Read read) {
  try {
    return read();
  } catch (const std::exception& fault) {
    return error_of(why_unreadable(fault));
  }
}

Sequence last_sequence(const std::vector<Record>& history) { return history.empty() ? 0 : history.back().sequence; }

EarlierRequest earlier_request(const RequestKey& key, const std::variant<std::vector<Record>, ServiceError>& read) {
  if (const auto* error = std::get_if<ServiceError>(&read))
    return {.kind = EarlierRequest::Kind::unreadable, .error = *error};
  EarlierRequest earlier;
  for (const auto& record : std::get<0>(read))
    match(std::get<RequestEvent>(record.event))(
        [&](const RequestClaimed& claimed) {
          earlier.kind = claimed.body == key.body ? EarlierRequest::Kind::joined : EarlierRequest::Kind::other_body;
          earlier.enrollment = claimed.enrollment;
        },
        [&](const RequestAnswered& answered) {
          if (earlier.kind == EarlierRequest::Kind::other_body) return;
          earlier.kind = EarlierRequest::Kind::answered;
          earlier.answer = stored_answer(answered, record.position);
        });
  return earlier;
}

}  // namespace

KeyedRequests::KeyedRequests(Journal& journal, Executor reads) : journal_(journal), reads_(std::move(reads)) {
  in_progress_->journal = &journal_;
}

KeyedRequests::~KeyedRequests() {
  const std::lock_guard lock{in_progress_->mutex};
  in_progress_->journal = nullptr;
}

void KeyedRequests::find(RequestKey key, std::function<void(EarlierRequest)> done) {
  bool looks_up = false;
  {
    std::lock_guard lock{in_progress_->mutex};
    auto [it, is_new] = in_progress_->entries.try_emplace(key.id);
    looks_up = is_new;
    if (!it->second.looked_up) it->second.asking.emplace_back(key, std::exchange(done, nullptr));
  }
  if (done) return done({.kind = EarlierRequest::Kind::in_progress});
  if (!looks_up) return;
  reads_([this, id = key.id] { reply_earlier(id, read_history([&] { return journal_.history(id); })); });
}

/// An answer that exists goes to all that ask. Without one, or with a saga to join, only the first continues.
void KeyedRequests::reply_earlier(RequestId id, const History& history) {
  using Kind = EarlierRequest::Kind;
  const auto goes_on = [&](const auto& asks) {
    const auto kind = earlier_request(asks.first, history).kind;
    return kind == Kind::none || kind == Kind::joined;
  };
  Asking asking;
  bool taken = false;
  {
    std::lock_guard lock{in_progress_->mutex};
    auto& entry = in_progress_->entries[id];
    asking.swap(entry.asking);
    entry.looked_up = true;
    if (std::none_of(asking.begin(), asking.end(), goes_on))
      in_progress_->entries.erase(id);
    else
      journal_.wake_new(id, last_sequence(std::get<0>(history)));
  }
  for (const auto& asks : asking) {
    const bool later = goes_on(asks) && std::exchange(taken, true);
    asks.second(later ? EarlierRequest{.kind = Kind::in_progress} : earlier_request(asks.first, history));
  }
}

void KeyedRequests::InProgress::release(RequestId id) {
  // The callbacks are dropped behind the lock, since what they own may take it.
  Asking dropped;
  std::lock_guard lock{mutex};
  const auto it = entries.find(id);
  if (it == entries.end()) return;
  dropped.swap(it->second.asking);
  entries.erase(it);
  // Under the lock, so that the next look-up's load queues behind it.
  if (journal != nullptr) journal->forget(id);
}

Caller KeyedRequests::releasing(Caller caller) {
  if (!caller.key) return caller;
  struct Hold {
    Hold(std::shared_ptr<InProgress> of, RequestId held) : in_progress(std::move(of)), id(held) {}
    ~Hold() { release(); }
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;
    void release() {
      if (const auto from = std::exchange(in_progress, nullptr)) from->release(id);
    }
    std::shared_ptr<InProgress> in_progress;
    const RequestId id;
  };
  caller.deliver = [hold = std::make_shared<Hold>(in_progress_, caller.key->id),
                    deliver = std::move(caller.deliver)](Answer answer) {
    hold->release();
    deliver(std::move(answer));
  };
  return caller;
}

}  // namespace sugang
