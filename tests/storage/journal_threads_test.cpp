#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <future>
#include <thread>
#include <unordered_map>

#include "tests/storage/journal_host.hpp"
#include "tests/storage/story.hpp"

namespace sugang {
namespace {

constexpr int thread_count = 4;
constexpr int chains_per_thread = 300;
constexpr int chain_length = 6;
constexpr auto deadline = std::chrono::seconds{60};

/// One thread with a mailbox, as an actor has.
class Worker {
 public:
  void post(std::function<void()> task) {
    {
      const std::lock_guard lock{mutex_};
      tasks_.push_back(std::move(task));
    }
    arrived_.notify_one();
  }
  void start() {
    thread_ = std::thread{[this] {
      for (;;) {
        std::function<void()> task;
        {
          std::unique_lock lock{mutex_};
          arrived_.wait(lock, [this] { return !tasks_.empty(); });
          task = std::move(tasks_.front());
          tasks_.pop_front();
        }
        if (!task) return;
        task();
      }
    }};
  }
  void stop() {
    post({});
    thread_.join();
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<std::function<void()>> tasks_;
  std::thread thread_;
};

Record link(std::uint64_t chain, Sequence sequence) {
  Record record;
  record.aggregate = RequestId{{chain, chain}};
  record.sequence = sequence;
  record.event = RequestEvent{RequestClaimed{}};
  return record;
}

/// Each link of a chain is appended by another thread, which gets the one before by a message, before it is
/// durable.
TEST(JournalThreads, NoCausalChainIsInvertedAndNoneLosesALink) {
  MemoryHost host;
  Journal journal{host.store(),
                  host.head(),
                  {},
                  [](const std::function<void()>& read) { read(); },
                  [](const std::string& why) { ADD_FAILURE() << why; }};
  std::vector<Worker> workers(thread_count);
  std::atomic<int> ended{0};
  std::promise<void> all_ended;
  std::function<void(std::size_t, std::uint64_t, int)> append_link = [&](std::size_t worker, std::uint64_t chain,
                                                                         int sequence) {
    Append append;
    append.records = {link(chain, static_cast<Sequence>(sequence))};
    if (sequence == chain_length)
      append.then = [&](Position) {
        if (++ended == thread_count * chains_per_thread) all_ended.set_value();
      };
    append_as_owner(journal, std::move(append));
    if (sequence == chain_length) return;
    const auto next = (worker + 1 + chain % (thread_count - 1)) % thread_count;
    workers[next].post([&, next, chain, sequence] { append_link(next, chain, sequence + 1); });
  };
  journal.start();
  for (auto& worker : workers) worker.start();
  for (std::size_t worker = 0; worker < workers.size(); ++worker)
    for (std::uint64_t i = 0; i < chains_per_thread; ++i)
      workers[worker].post([&, worker, i] { append_link(worker, worker * chains_per_thread + i + 1, 1); });
  EXPECT_EQ(all_ended.get_future().wait_for(deadline), std::future_status::ready);
  for (auto& worker : workers) worker.stop();
  journal.stop();

  std::unordered_map<AggregateId, Sequence> last;
  const auto records = journal.read(0, 1'000'000);
  EXPECT_EQ(records.size(), static_cast<std::size_t>(thread_count * chains_per_thread * chain_length));
  for (const auto& record : records) ASSERT_EQ(record.sequence, ++last[record.aggregate]);
}

TEST(JournalThreads, ReadersSeeOnlyWhatIsDurableAndAllOfIt) {
  MemoryHost host;
  Journal journal{host.store(),
                  host.head(),
                  {},
                  [](const std::function<void()>& read) { read(); },
                  [](const std::string& why) { ADD_FAILURE() << why; }};
  journal.start();
  std::atomic<bool> done{false};
  std::thread reader{[&] {
    while (!done.load()) {
      const auto durable = journal.durable_position();
      const auto records = journal.read(0, 1'000'000);
      EXPECT_GE(records.size(), durable);
      for (std::size_t i = 0; i < records.size(); ++i) ASSERT_EQ(records[i].position, i + 1);
      (void)journal.stats();
      (void)journal.pending_bytes();
    }
  }};
  std::vector<std::thread> writers;
  std::vector<std::promise<void>> gates(thread_count);
  for (int i = 0; i < thread_count; ++i)
    writers.emplace_back([&, i] {
      const AggregateId id{RequestId{{static_cast<std::uint64_t>(i), 7}}};
      for (Sequence sequence = 1; sequence <= 200; ++sequence) {
        Append append;
        append.records = {link(static_cast<std::uint64_t>(i), sequence)};
        append_as_owner(journal, std::move(append));
      }
      journal.wake(id, [](const Recovered&) {});
      journal.forget(id);
      Append last;
      last.then = [&, i](Position) { gates[static_cast<std::size_t>(i)].set_value(); };
      journal.append(std::move(last));
    });
  for (auto& writer : writers) writer.join();
  for (auto& gate : gates) EXPECT_EQ(gate.get_future().wait_for(deadline), std::future_status::ready);
  EXPECT_EQ(journal.read(0, 1'000'000).size(), static_cast<std::size_t>(thread_count) * 200);
  done = true;
  reader.join();
}

TEST(JournalThreads, StoppingCommitsWhatWasAppended) {
  MemoryHost host;
  int opened = 0;
  Journal journal{host.store(),
                  host.head(),
                  {},
                  [](const std::function<void()>& read) { read(); },
                  [](const std::string& why) { ADD_FAILURE() << why; }};
  journal.start();
  for (Sequence sequence = 1; sequence <= 100; ++sequence) {
    Append append;
    append.records = {link(1, sequence)};
    append.then = [&](Position) { ++opened; };
    append_as_owner(journal, std::move(append));
  }
  journal.stop();
  EXPECT_EQ(opened, 100);
  EXPECT_EQ(journal.durable_position(), 100u);
}

}  // namespace
}  // namespace sugang
