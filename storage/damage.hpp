#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sugang {

/// The write-ahead logs in a RocksDB folder, oldest first; no empty ones.
std::vector<std::string> log_files(const std::string& folder);

/// Whether the text of an error names one of RocksDB's files.
bool names_file(std::string_view fault);

/// The part of an error's text that is the same whichever read met the fault.
std::string cause_of(std::string_view fault);

/// Names the file of a RocksDB folder that a fault lies in: the one that `fault`, the text of an error, names, or
/// else the logs, given as they were before the open, since recovery removes them; when there was none, that one is
/// missing. Reads names only, and never fails.
std::string locate_damage(const std::string& folder, std::string_view fault, const std::vector<std::string>& logs);
std::string locate_damage(const std::string& folder, std::string_view fault);

}  // namespace sugang
