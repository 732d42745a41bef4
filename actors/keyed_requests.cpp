#include "actors/keyed_requests.hpp"

#include <algorithm>

#include "storage/journal.hpp"

namespace sugang {
namespace {

Answer stored_answer(const RequestAnswered& answered) {
  return {.status = answered.status,
          .content_type = answered.content_type,
          .location = answered.location,
          .body = answered.body};
}

EarlierRequest earlier_request(const RequestKey& key, const std::vector<Record>& history) {
  EarlierRequest earlier;
  for (const auto& record : history)
    std::visit(Overloaded{
                   [&](const RequestClaimed& claimed) {
                     earlier.kind =
                         claimed.body == key.body ? EarlierRequest::Kind::joined : EarlierRequest::Kind::other_body;
                     earlier.enrollment = claimed.enrollment;
                   },
                   [&](const RequestAnswered& answered) {
                     if (earlier.kind == EarlierRequest::Kind::other_body) return;
                     earlier.kind = EarlierRequest::Kind::answered;
                     earlier.answer = stored_answer(answered);
                   },
               },
               std::get<RequestEvent>(record.event));
  return earlier;
}

}  // namespace

void KeyedRequests::find(RequestKey key, std::function<void(EarlierRequest)> done) {
  bool looks_up = false;
  {
    std::lock_guard lock{mutex_};
    auto [it, is_new] = in_progress_.try_emplace(key.id);
    looks_up = is_new;
    if (!it->second.looked_up) it->second.asking.emplace_back(key, std::exchange(done, nullptr));
  }
  if (done) return done({.kind = EarlierRequest::Kind::in_progress});
  if (looks_up) reads_([this, id = key.id] { tell_earlier(id, journal_.history(id)); });
}

/// Everybody is told of an answer that is there. Of none, or of a saga to join, only the first: he goes on with it.
void KeyedRequests::tell_earlier(RequestId id, const std::vector<Record>& history) {
  using Kind = EarlierRequest::Kind;
  const auto goes_on = [&](const auto& asks) {
    const auto kind = earlier_request(asks.first, history).kind;
    return kind == Kind::none || kind == Kind::joined;
  };
  decltype(InProgress::asking) asking;
  bool taken = false;
  {
    std::lock_guard lock{mutex_};
    auto& entry = in_progress_[id];
    asking.swap(entry.asking);
    entry.looked_up = true;
    if (std::none_of(asking.begin(), asking.end(), goes_on)) in_progress_.erase(id);
  }
  for (const auto& asks : asking) {
    const bool later = goes_on(asks) && std::exchange(taken, true);
    asks.second(later ? EarlierRequest{.kind = Kind::in_progress} : earlier_request(asks.first, history));
  }
}

void KeyedRequests::release(const RequestKey& key) {
  std::lock_guard lock{mutex_};
  in_progress_.erase(key.id);
}

Asker KeyedRequests::releasing(Asker asker) {
  if (!asker.key) return asker;
  asker.deliver = [this, key = *asker.key, deliver = std::move(asker.deliver)](Answer answer) {
    release(key);
    deliver(std::move(answer));
  };
  return asker;
}

}  // namespace sugang
