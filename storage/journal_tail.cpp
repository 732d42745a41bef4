#include "storage/journal_tail.hpp"

#include <exception>
#include <utility>

namespace sugang {

JournalTail::JournalTail(Gather gather, std::function<Pass()> pass,
                         std::function<void(const std::string& why)> on_failure)
    : gather_(gather), pass_(std::move(pass)), on_failure_(std::move(on_failure)) {}

JournalTail::~JournalTail() { stop(); }

void JournalTail::start() {
  thread_ = std::thread{[this] { run(); }};
}

bool JournalTail::stop() {
  if (!waker_->stop() || !thread_.joinable()) return false;
  thread_.join();
  return true;
}

void JournalTail::run() {
  try {
    while (!waker_->stopped()) {
      const auto began = Waker::Clock::now();
      const auto pass = pass_();
      if (pass.more) continue;
      waker_->wait(pass.again_at, pass.records >= gather_.records_min ? began + gather_.time : began);
    }
  } catch (const std::exception& failure) {
    on_failure_(failure.what());
  }
}

}  // namespace sugang
