#include "domain/time.hpp"

namespace sugang {
namespace {

/// Reads exactly `count` digits at `text`, which it shortens.
std::optional<int> take_digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

/// `Z` or `±hh:mm`; the whole rest.
std::optional<std::chrono::minutes> take_offset(std::string_view text) {
  if (text == "Z" || text == "z") return std::chrono::minutes{0};
  if (text.empty()) return std::nullopt;
  const bool west = text.front() == '-';
  if (!take(text, "+-")) return std::nullopt;
  auto hours = take_digits(text, 2);
  if (!hours || *hours > 23 || !take(text, ":")) return std::nullopt;
  auto minutes = take_digits(text, 2);
  if (!minutes || *minutes > 59 || !text.empty()) return std::nullopt;
  auto offset = std::chrono::hours{*hours} + std::chrono::minutes{*minutes};
  return west ? -offset : offset;
}

/// A fraction of any length after the point; what is finer than a millisecond is cut.
std::optional<Milliseconds> take_fraction(std::string_view& text) {
  if (!take(text, ".")) return Milliseconds{0};
  int scale = 100, millis = 0;
  std::size_t count = 0;
  for (; count < text.size() && text[count] >= '0' && text[count] <= '9'; ++count, scale /= 10)
    millis += (text[count] - '0') * scale;
  if (count == 0) return std::nullopt;
  text.remove_prefix(count);
  return Milliseconds{millis};
}

}  // namespace

std::string to_text(TimePoint time) {
  using namespace std::chrono;
  auto day = floor<days>(time);
  year_month_day date{day};
  hh_mm_ss clock{time - day};
  // Written by hand, for every step of every answer carries a time.
  std::string text = "0000-00-00T00:00:00.000Z";
  auto put = [&](std::size_t at, std::size_t count, auto value) {
    for (auto rest = static_cast<unsigned>(value); count-- > 0; rest /= 10)
      text[at + count] = static_cast<char>('0' + rest % 10);
  };
  put(0, 4, static_cast<int>(date.year()));
  put(5, 2, static_cast<unsigned>(date.month()));
  put(8, 2, static_cast<unsigned>(date.day()));
  put(11, 2, clock.hours().count());
  put(14, 2, clock.minutes().count());
  put(17, 2, clock.seconds().count());
  put(20, 3, clock.subseconds().count());
  return text;
}

std::optional<TimePoint> parse_time(std::string_view text) {
  using namespace std::chrono;
  auto y = take_digits(text, 4);
  if (!y || !take(text, "-")) return std::nullopt;
  auto mo = take_digits(text, 2);
  if (!mo || !take(text, "-")) return std::nullopt;
  auto d = take_digits(text, 2);
  if (!d || !take(text, "Tt ")) return std::nullopt;
  auto h = take_digits(text, 2);
  if (!h || *h > 23 || !take(text, ":")) return std::nullopt;
  auto mi = take_digits(text, 2);
  if (!mi || *mi > 59 || !take(text, ":")) return std::nullopt;
  auto s = take_digits(text, 2);
  if (!s || *s > 60) return std::nullopt;
  auto fraction = take_fraction(text);
  if (!fraction) return std::nullopt;
  auto offset = take_offset(text);
  if (!offset) return std::nullopt;
  year_month_day date{year{*y}, month{static_cast<unsigned>(*mo)}, day{static_cast<unsigned>(*d)}};
  if (!date.ok()) return std::nullopt;
  const auto time = TimePoint{sys_days{date}} + hours{*h} + minutes{*mi} + seconds{*s} + *fraction - *offset;
  // What to_text could not write with four digits, the offset may have reached.
  constexpr TimePoint first{sys_days{year{0} / 1 / 1}}, end{sys_days{year{10'000} / 1 / 1}};
  if (time < first || time >= end) return std::nullopt;
  return time;
}

}  // namespace sugang
