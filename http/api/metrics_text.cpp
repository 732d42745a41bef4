#include "http/api/metrics_text.hpp"

#include <algorithm>
#include <set>

namespace sugang {
namespace {

constexpr std::string_view total = "_total";

std::string_view take(std::string_view& text, char end) {
  const auto part = text.substr(0, text.find(end));
  text.remove_prefix(std::min(part.size() + 1, text.size()));
  return part;
}

/// A line such as `# TYPE name counter`.
struct Comment {
  std::string_view keyword, name, rest;
};
Comment parse_comment(std::string_view line) {
  take(line, ' ');
  Comment comment;
  comment.keyword = take(line, ' ');
  comment.name = take(line, ' ');
  comment.rest = line;
  return comment;
}

std::set<std::string_view> counters(std::string_view text) {
  std::set<std::string_view> found;
  while (!text.empty()) {
    const auto line = take(text, '\n');
    if (!line.starts_with("# TYPE ")) continue;
    if (const auto comment = parse_comment(line); comment.rest == "counter") found.insert(comment.name);
  }
  return found;
}

}  // namespace

std::string to_open_metrics(std::string_view text) {
  const auto known = counters(text);
  std::string out;
  out.reserve(text.size() + 8);
  while (!text.empty()) {
    const auto line = take(text, '\n');
    if (line.empty()) continue;
    const auto comment = parse_comment(line);
    if (!line.starts_with("# ") || !known.contains(comment.name)) {
      out.append(line).append("\n");
      continue;
    }
    const bool named = comment.name.ends_with(total);
    const auto family = comment.name.substr(0, comment.name.size() - (named ? total.size() : 0));
    // A counter's samples end with _total; one that is named otherwise is none.
    const auto rest = comment.keyword == "TYPE" && !named ? "unknown" : comment.rest;
    out.append("# ").append(comment.keyword).append(" ").append(family).append(" ").append(rest).append("\n");
  }
  return out.append("# EOF\n");
}

}  // namespace sugang
