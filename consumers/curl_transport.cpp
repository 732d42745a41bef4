#include "consumers/curl_transport.hpp"

#include <curl/curl.h>

#include <array>
#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>

namespace sugang {
namespace {

/// The answer's body is not used; an endless one is cut off.
constexpr std::size_t answer_bytes_max = 64 << 10;
constexpr int look_interval_ms = 10'000;
constexpr const char* stopped = "the server stopped";

struct EasyDeleter {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct ListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
struct MultiDeleter {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};

/// One call, with all that libcurl only points to.
struct Transfer {
  Transfer(WebhookCall wanted, WebhookTransport::Done then) : call(std::move(wanted)), done(std::move(then)) {
    if (!easy) throw std::runtime_error("libcurl gives no handle");
    // Without it curl asks first whether a longer body is welcome, and waits.
    add_header("Expect:");
    for (const auto& [name, value] : call.headers) add_header(std::string{name}.append(": ").append(value));
    set(CURLOPT_URL, call.url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_PROXY, "");
    set(CURLOPT_NOSIGNAL, 1L);
    // A look-up of a name is a thread of its own, which the end of the process does not wait for.
    set(CURLOPT_QUICK_EXIT, 1L);
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(call.timeout.count()));
    set(CURLOPT_POST, 1L);
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call.body.size()));
    set(CURLOPT_POSTFIELDS, call.body.data());
    set(CURLOPT_HTTPHEADER, headers.get());
    set(CURLOPT_ERRORBUFFER, error.data());
    set(CURLOPT_WRITEFUNCTION, &Transfer::take);
    set(CURLOPT_WRITEDATA, this);
  }

  void end(CURLcode code) {
    long status = 0;
    curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
    WebhookAnswer answer;
    const bool cut_off = code == CURLE_WRITE_ERROR && received > answer_bytes_max;
    if ((code == CURLE_OK || cut_off) && status > 0) {
      answer.status = static_cast<std::uint16_t>(status);
    } else {
      answer.error = error.front() != '\0' ? error.data() : curl_easy_strerror(code);
    }
    done(std::move(answer));
  }

  static std::size_t take(char*, std::size_t size, std::size_t count, void* transfer) {
    auto& self = *static_cast<Transfer*>(transfer);
    self.received += size * count;
    return self.received > answer_bytes_max ? 0 : size * count;
  }

  template <class Value>
  void set(CURLoption option, Value value) {
    if (const auto code = curl_easy_setopt(easy.get(), option, value); code != CURLE_OK)
      throw std::runtime_error(curl_easy_strerror(code));
  }
  void add_header(const std::string& line) {
    auto* longer = curl_slist_append(headers.get(), line.c_str());
    if (longer == nullptr) throw std::bad_alloc{};
    static_cast<void>(headers.release());
    headers.reset(longer);
  }

  WebhookCall call;
  WebhookTransport::Done done;
  std::unique_ptr<CURL, EasyDeleter> easy{curl_easy_init()};
  std::unique_ptr<curl_slist, ListDeleter> headers;
  std::array<char, CURL_ERROR_SIZE> error{};
  std::size_t received = 0;
};

CURLM* make_multi() {
  static const auto once = curl_global_init(CURL_GLOBAL_DEFAULT);
  auto* multi = once == CURLE_OK ? curl_multi_init() : nullptr;
  if (multi == nullptr) throw std::runtime_error("libcurl cannot be used");
  return multi;
}

}  // namespace

struct CurlTransport::Impl {
  void run() {
    while (begin_arrived()) {
      int running = 0;
      curl_multi_perform(multi.get(), &running);
      end_finished();
      curl_multi_poll(multi.get(), nullptr, 0, look_interval_ms, nullptr);
    }
    for (auto& [easy, transfer] : transfers) {
      curl_multi_remove_handle(multi.get(), easy);
      transfer->done({std::nullopt, stopped});
    }
    transfers.clear();
  }

  /// False: it is to stop.
  bool begin_arrived() {
    std::vector<std::pair<WebhookCall, Done>> calls;
    {
      const std::lock_guard lock{mutex};
      if (stopping) return false;
      calls.swap(arrived);
    }
    for (auto& [call, done] : calls) begin(std::move(call), std::move(done));
    return true;
  }

  void begin(WebhookCall call, Done done) {
    try {
      auto transfer = std::make_unique<Transfer>(std::move(call), done);
      auto* easy = transfer->easy.get();
      if (curl_multi_add_handle(multi.get(), easy) != CURLM_OK) return done({std::nullopt, "libcurl refused"});
      transfers.emplace(easy, std::move(transfer));
    } catch (const std::exception& fault) {
      done({std::nullopt, fault.what()});
    }
  }

  void end_finished() {
    int left = 0;
    while (const auto* message = curl_multi_info_read(multi.get(), &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      auto* const easy = message->easy_handle;
      const auto code = message->data.result;
      curl_multi_remove_handle(multi.get(), easy);
      auto transfer = transfers.extract(easy);
      transfer.mapped()->end(code);
    }
  }

  std::unique_ptr<CURLM, MultiDeleter> multi{make_multi()};
  /// The thread's own.
  std::map<CURL*, std::unique_ptr<Transfer>> transfers;
  std::mutex mutex;
  std::vector<std::pair<WebhookCall, Done>> arrived;
  bool stopping = false;
  std::thread thread;
};

CurlTransport::CurlTransport() : impl_(std::make_unique<Impl>()) {
  impl_->thread = std::thread{[this] { impl_->run(); }};
}

CurlTransport::~CurlTransport() {
  {
    const std::lock_guard lock{impl_->mutex};
    impl_->stopping = true;
  }
  curl_multi_wakeup(impl_->multi.get());
  impl_->thread.join();
  for (auto& [call, done] : impl_->arrived) done({std::nullopt, stopped});
}

void CurlTransport::post(WebhookCall call, Done done) {
  {
    const std::lock_guard lock{impl_->mutex};
    impl_->arrived.emplace_back(std::move(call), std::move(done));
  }
  curl_multi_wakeup(impl_->multi.get());
}

}  // namespace sugang
