#include <malloc.h>

#include <memory>
#include <vector>

#include "tests/http/served.hpp"

namespace sugang {
namespace {

std::size_t allocated_bytes() {
  const auto info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

TEST_F(Served, AConnectionKeepsNoRoomForALongAnswer) {
  constexpr std::size_t clients = 100;
  std::vector<std::unique_ptr<WireClient>> open;
  const auto ask_all = [&](const std::string& target) {
    std::size_t longest = 0;
    for (auto& client : open) {
      client->send(render_request("GET", target));
      longest = std::max(longest, client->read_answer()->body.size());
    }
    return longest;
  };
  for (std::size_t i = 0; i < clients; ++i) open.push_back(std::make_unique<WireClient>(port()));
  ask_all("/");
  const auto before = allocated_bytes();
  const auto longest = ask_all("/openapi.json");
  // The last one's may not have been released yet.
  EXPECT_LT(allocated_bytes(), before + 10 * longest);
}

}  // namespace
}  // namespace sugang
