#pragma once

#include <memory>

#include "consumers/webhook_transport.hpp"

namespace sugang {

/// libcurl with one thread for all calls. Follows no redirect, speaks http and https alone, asks no proxy, and
/// reads no more of an answer than it needs. `done` runs on its thread.
class CurlTransport final : public WebhookTransport {
 public:
  CurlTransport();
  /// Calls that are out end without an answer.
  ~CurlTransport() override;
  CurlTransport(const CurlTransport&) = delete;
  CurlTransport& operator=(const CurlTransport&) = delete;

  void post(WebhookCall call, Done done) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sugang
