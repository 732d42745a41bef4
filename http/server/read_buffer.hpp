#pragma once

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <cstring>
#include <string_view>
#include <vector>

namespace sugang {

/// Bytes that have arrived and are not consumed, always contiguous.
class ReadBuffer {
 public:
  std::string_view bytes() const { return {data_.data() + begin_, end_ - begin_}; }
  bool empty() const { return begin_ == end_; }
  void clear() { begin_ = end_ = 0; }

  void consume(std::size_t count) {
    begin_ += count;
    if (begin_ == end_) clear();
  }

  /// Room for at least `room_bytes_min` more.
  boost::asio::mutable_buffer prepare() {
    if (data_.size() - end_ < room_bytes_min && begin_ > 0) {
      std::memmove(data_.data(), data_.data() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
    }
    if (data_.size() - end_ < room_bytes_min) data_.resize(std::max(initial_bytes, 2 * data_.size()));
    return {data_.data() + end_, data_.size() - end_};
  }
  void commit(std::size_t count) { end_ += count; }

 private:
  static constexpr std::size_t initial_bytes = 4096;
  static constexpr std::size_t room_bytes_min = 1024;

  std::vector<char> data_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace sugang
