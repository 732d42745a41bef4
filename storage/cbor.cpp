#include "storage/cbor.hpp"

#include "storage/codec.hpp"

namespace sugang {
namespace {

/// Nothing that is stored nests deeper than a list of maps in a map; the rest leaves room for members to come.
constexpr int nesting_depth_max = 16;

}  // namespace

void CborWriter::head(std::uint8_t major, std::uint64_t value) {
  const auto type = static_cast<char>(major << 5);
  if (value < 24) {
    out_.push_back(static_cast<char>(type | static_cast<char>(value)));
    return;
  }
  const int size_log2 = value <= 0xff ? 0 : value <= 0xffff ? 1 : value <= 0xffffffff ? 2 : 3;
  char item[9];
  item[0] = static_cast<char>(type | (24 + size_log2));
  const int size = 1 << size_log2;
  for (int i = 0; i < size; ++i) item[1 + i] = static_cast<char>(value >> (8 * (size - 1 - i)));
  out_.append(item, static_cast<std::size_t>(size) + 1);
}

std::string_view CborReader::take(std::uint64_t size) {
  if (size > rest_.size()) throw DecodeError("CBOR item is cut");
  auto taken = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return taken;
}

CborReader::Head CborReader::head() {
  const auto first = static_cast<std::uint8_t>(take(1)[0]);
  Head head{static_cast<std::uint8_t>(first >> 5), static_cast<std::uint8_t>(first & 31), 0};
  if (head.info < 24) {
    head.value = head.info;
    return head;
  }
  if (head.info > 27) throw DecodeError("CBOR item has an indefinite or reserved length");
  for (char c : take(std::uint64_t{1} << (head.info - 24)))
    head.value = head.value << 8 | static_cast<std::uint8_t>(c);
  return head;
}

std::uint64_t CborReader::head_of(std::uint8_t major, const char* what) {
  const auto next = head();
  if (next.major != major) throw DecodeError(what);
  return next.value;
}

std::uint64_t CborReader::unsigned_integer() { return head_of(0, "CBOR item is no unsigned integer"); }

std::int64_t CborReader::integer() {
  const auto next = head();
  if (next.major > 1) throw DecodeError("CBOR item is no integer");
  if (next.value > static_cast<std::uint64_t>(INT64_MAX)) throw DecodeError("CBOR integer exceeds 64 bits");
  const auto value = static_cast<std::int64_t>(next.value);
  return next.major == 0 ? value : -1 - value;
}

std::string_view CborReader::bytes() { return take(head_of(2, "CBOR item is no byte string")); }

std::string_view CborReader::text() { return take(head_of(3, "CBOR item is no text")); }

std::uint64_t CborReader::array() {
  const auto count = head_of(4, "CBOR item is no array");
  if (count > rest_.size()) throw DecodeError("CBOR array is cut");
  return count;
}

std::uint64_t CborReader::map() {
  const auto count = head_of(5, "CBOR item is no map");
  if (count > rest_.size() / 2) throw DecodeError("CBOR map is cut");
  return count;
}

bool CborReader::boolean() {
  const auto next = head();
  if (next.major != 7 || (next.info != 20 && next.info != 21)) throw DecodeError("CBOR item is no boolean");
  return next.info == 21;
}

bool CborReader::take_null() {
  if (rest_.empty() || rest_[0] != '\xf6') return false;
  rest_.remove_prefix(1);
  return true;
}

void CborReader::skip() { skip_nested(0); }

void CborReader::skip_nested(int depth) {
  if (depth == nesting_depth_max) throw DecodeError("CBOR nests too deep");
  const auto next = head();
  switch (next.major) {
    case 2:
    case 3: take(next.value); return;
    case 4:
    case 5: {
      if (next.value > rest_.size()) throw DecodeError("CBOR collection is cut");
      const auto items = next.major == 4 ? next.value : 2 * next.value;
      for (std::uint64_t i = 0; i < items; ++i) skip_nested(depth + 1);
      return;
    }
    case 6: return skip_nested(depth + 1);
    default: return;
  }
}

}  // namespace sugang
