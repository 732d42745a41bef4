#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sugang {

/// An answer as it came over the wire. Names of fields in lower case.
struct WireAnswer {
  int status = 0;
  std::map<std::string, std::string> fields;
  std::string body;

  std::string field(const std::string& name) const {
    auto it = fields.find(name);
    return it == fields.end() ? std::string{} : it->second;
  }
  nlohmann::json json() const { return nlohmann::json::parse(body); }
  /// The problem's name; empty if the answer is none.
  std::string problem() const;
};

using WireFields = std::vector<std::pair<std::string, std::string>>;

/// One connection to a port of this machine, byte by byte. Every wait ends after five seconds.
class WireClient {
 public:
  /// `receive_bytes`: what the kernel takes for a client that does not read; 0: as it likes.
  explicit WireClient(std::uint16_t port, int receive_bytes = 0);
  ~WireClient();
  WireClient(const WireClient&) = delete;
  WireClient& operator=(const WireClient&) = delete;

  /// False once the server takes no more.
  bool send(std::string_view bytes);
  /// The next answer; nothing when the connection ends or stays silent. `head`: without a body, whatever it says.
  std::optional<WireAnswer> read_answer(bool head = false);
  /// The next chunk of a body that has no length; empty for the last, nothing when none comes.
  std::optional<std::string> read_chunk();
  /// What comes up to this text and with it; all that came, if it does not come.
  std::string read_until(std::string_view text);
  /// Every answer until the server closes; fails the test when it does not.
  std::vector<WireAnswer> read_to_end();
  /// The server has closed, and nothing more came.
  bool at_end();
  void end_sending();

 private:
  bool receive();

  int socket_ = -1;
  std::string received_;
  bool ended_ = false;
};

std::string render_request(std::string_view method, std::string_view target, const WireFields& fields = {},
                           const std::optional<std::string>& body = std::nullopt);

}  // namespace sugang
