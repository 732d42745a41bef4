#include "http/server/event_loop.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <random>

#include "http/server/connection.hpp"

namespace sugang {
namespace {

/// One timer checks all deadlines, so a timeout is late by at most this: a quarter of the shortest, 5 to 250 ms.
std::chrono::milliseconds sweep_period_for(const Limits& limits) {
  const auto shortest = std::min({limits.header_read_timeout_ms, limits.body_read_timeout_ms,
                                  limits.idle_timeout_ms, limits.write_timeout_ms, limits.linger_timeout_ms,
                                  limits.answer_timeout_ms, limits.event_stream_keep_alive_ms});
  return std::chrono::milliseconds{std::clamp<std::uint32_t>(shortest / 4, 5, 250)};
}

std::uint64_t random_seed() {
  std::random_device random;
  return static_cast<std::uint64_t>(random()) << 32 | random();
}

}  // namespace

EventLoop::EventLoop(ServerState& state)
    : state_(state),
      context_(1),
      sweep_timer_(context_),
      sweep_period_(sweep_period_for(state.limits)),
      answers_(
          std::make_shared<AnswerQueue>([this] { boost::asio::post(context_, [this] { deliver_answers(); }); })),
      events_(state.site, state.admission, answers_),
      request_id_seed_(random_seed()) {}

EventLoop::~EventLoop() {
  answers_->close();
  shut_down();
}

void EventLoop::run() {
  auto work = boost::asio::make_work_guard(context_);
  arm_sweep();
  context_.run();
}

void EventLoop::adopt(Socket socket, Port port) {
  auto connection = std::make_shared<Connection>(*this, std::move(socket), port);
  connection->loop_index = connections_.size();
  connections_.push_back(connection);
  connection->start();
}

void EventLoop::answer_rest() { give_up_overdue(Clock::time_point::max()); }

void EventLoop::shut_down() {
  while (!connections_.empty()) {
    auto last = connections_.back();
    last->close();
  }
  sweep_timer_.cancel();
  context_.stop();
}

void EventLoop::forget(Connection& connection) {
  const auto index = connection.loop_index;
  std::swap(connections_[index], connections_.back());
  connections_[index]->loop_index = index;
  connections_.pop_back();
}

void EventLoop::begin_drain() {
  // Backwards: a connection that closes is replaced by the last one, which was visited before.
  for (std::size_t i = connections_.size(); i-- > 0;)
    if (i < connections_.size()) connections_[i]->begin_drain();
}

std::uint64_t EventLoop::open_call(Connection& connection, bool counted) {
  if (free_slots_.empty()) {
    free_slots_.push_back(static_cast<std::uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const auto index = free_slots_.back();
  free_slots_.pop_back();
  auto& slot = slots_[index];
  slot.open = true;
  slot.counted = counted;
  slot.connection = &connection;
  slot.hold.deadline = Clock::now() + std::chrono::milliseconds{state_.limits.answer_timeout_ms};
  return std::uint64_t{slot.generation} << 32 | index;
}

EventLoop::Slot* EventLoop::slot_of(std::uint64_t ticket) {
  const auto index = static_cast<std::uint32_t>(ticket);
  if (index >= slots_.size()) return nullptr;
  auto& slot = slots_[index];
  return slot.open && slot.generation == ticket >> 32 ? &slot : nullptr;
}

Connection* EventLoop::close_call(std::uint64_t ticket) {
  auto* slot = slot_of(ticket);
  if (!slot) return nullptr;
  if (slot->counted) state_.admission.leave();
  if (!slot->hold.course_key.empty()) state_.admission.leave_course(slot->hold.course_key);
  slot->hold.course_key.clear();
  slot->open = false;
  ++slot->generation;
  free_slots_.push_back(static_cast<std::uint32_t>(ticket));
  return std::exchange(slot->connection, nullptr);
}

void EventLoop::detach(std::uint64_t ticket) {
  if (auto* slot = slot_of(ticket)) slot->connection = nullptr;
}

void EventLoop::deliver_answers() {
  answers_->take(burst_);
  for (auto& item : burst_) {
    if (item.resume) {
      resume(item);
    } else if (!item.response) {
      give_up(item.ticket, Fault::internal_error, "dropped without an answer");
    } else if (auto* connection = close_call(item.ticket)) {
      connection->answer(std::move(*item.response));
    }
  }
  burst_.clear();
}

void EventLoop::resume(const AnswerQueue::Item& item) {
  try {
    item.resume(slot_of(item.ticket) != nullptr);
  } catch (const std::exception& error) {
    // An exception of one request must not end the thread that serves all others.
    give_up(item.ticket, Fault::internal_error, error.what());
  }
}

void EventLoop::give_up(std::uint64_t ticket, Fault fault, std::string_view what) {
  auto* connection = close_call(ticket);
  if (!connection) return;
  auto response = state_.site.refuse(fault, connection->path(), {});
  response.fault = what;
  connection->answer(std::move(response));
}

void EventLoop::give_up_overdue(Clock::time_point now) {
  for (std::size_t i = 0; i < slots_.size(); ++i)
    if (const auto& slot = slots_[i]; slot.open && slot.hold.deadline <= now)
      give_up(std::uint64_t{slot.generation} << 32 | i, Fault::answer_timeout);
}

void EventLoop::arm_sweep() {
  sweep_timer_.expires_after(sweep_period_);
  sweep_timer_.async_wait([this](boost::system::error_code error) {
    if (error) return;
    sweep();
    arm_sweep();
  });
}

void EventLoop::sweep() {
  const auto now = Clock::now();
  give_up_overdue(now);
  // Backwards, as in begin_drain.
  for (std::size_t i = connections_.size(); i-- > 0;)
    if (i < connections_.size()) connections_[i]->check_deadline(now);
}

std::string_view EventLoop::date_line() {
  const auto now = std::time(nullptr);
  if (now != date_second_) {
    date_second_ = now;
    std::tm parts{};
    gmtime_r(&now, &parts);
    char text[64];
    date_line_.assign(text, std::strftime(text, sizeof text, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &parts));
  }
  return date_line_;
}

std::string EventLoop::make_request_id() {
  // SplitMix64 (Steele, Lea, Flood 2014): distinct for 2^64 requests of one loop.
  auto z = request_id_seed_ += 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  z ^= z >> 31;
  constexpr std::string_view hex = "0123456789abcdef";
  std::string id(16, '0');
  for (auto& digit : id) {
    digit = hex[z & 15];
    z >>= 4;
  }
  return id;
}

}  // namespace sugang
