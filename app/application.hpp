#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "app/config.hpp"

namespace sugang {

/// The server, put together in the order in which it starts, and taken apart in the reverse.
class Application {
 public:
  /// Recovers the journal and takes the ports. Throws JournalDamaged, StorageError, std::system_error.
  explicit Application(const Config& config);
  ~Application();
  Application(const Application&) = delete;
  Application& operator=(const Application&) = delete;

  void start();
  /// Registers the sample catalogue, unless there are courses already.
  void offer_samples();
  /// Takes no new work, lets what runs be answered, and stops. Callers that wait for a saga longer than
  /// drain-wait-ms get its state, and what has no answer then gets 503. False if there was any of that.
  bool drain();

  std::string client_address() const;
  std::string management_address() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Exit status of `sugangd verify`: 0 when the journal of a stopped server verifies and every invariant that it
/// shows holds, 1 at the first fault, which is printed on stdout; the progress goes to stderr.
int verify(const std::string& data);

}  // namespace sugang
