#include "storage/damage.hpp"

#include <algorithm>
#include <filesystem>

namespace sugang {
namespace {

namespace fs = std::filesystem;

bool is_name_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-' ||
         c == '.';
}

/// The last file name in `fault` that looks like one of RocksDB's own.
std::string named_file(std::string_view fault) {
  for (auto end = fault.size(); end > 0;) {
    if (!is_name_character(fault[end - 1])) {
      --end;
      continue;
    }
    auto begin = end;
    while (begin > 0 && is_name_character(fault[begin - 1])) --begin;
    const auto word = fault.substr(begin, end - begin);
    const bool numbered = word.size() > 4 && word[0] >= '0' && word[0] <= '9';
    if (numbered && (word.ends_with(".sst") || word.ends_with(".log"))) return std::string{word};
    if (word.starts_with("MANIFEST-") || word == "CURRENT") return std::string{word};
    end = begin;
  }
  return {};
}

}  // namespace

bool names_file(std::string_view fault) { return !named_file(fault).empty(); }

std::string cause_of(std::string_view fault) {
  constexpr std::string_view prefix = "journal damaged: ";
  if (const auto status = fault.find("Corruption: "); status != std::string_view::npos)
    return std::string{fault.substr(status)};
  return std::string{fault.starts_with(prefix) ? fault.substr(prefix.size()) : fault};
}

std::vector<std::string> log_files(const std::string& folder) {
  std::vector<std::string> logs;
  std::error_code error;
  for (fs::directory_iterator it{folder, error}, end; !error && it != end; it.increment(error)) {
    if (it->path().extension() != ".log") continue;
    std::error_code size_error;
    const auto size = it->file_size(size_error);
    if (!size_error && size > 0) logs.push_back(it->path().string());
  }
  std::sort(logs.begin(), logs.end());
  return logs;
}

std::string locate_damage(const std::string& folder, std::string_view fault, const std::vector<std::string>& logs) {
  if (auto name = named_file(fault); !name.empty()) return (fs::path{folder} / name).string();
  if (logs.empty()) return (fs::path{folder} / "*.log").string() + ", which is missing or empty";
  // Recovery reads the logs in turn, so what is missing is missing from the newest, or lies before it.
  std::string text = logs.back();
  for (auto it = logs.rbegin() + 1; it != logs.rend(); ++it) text += " or " + *it;
  return text;
}

std::string locate_damage(const std::string& folder, std::string_view fault) {
  return locate_damage(folder, fault, log_files(folder));
}

}  // namespace sugang
