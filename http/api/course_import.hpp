#pragma once

#include "http/api/command.hpp"

namespace sugang {

/// A large file takes long to read, and the loop's thread has others to serve meanwhile.
Handled import_courses(Call& call);

/// RFC 4180 with LF or CRLF, with or without a byte order mark. The first line names the columns, in any order: id,
/// title, capacity, and optionally kind, price, credits, enrolled, meets. A pointer is `/line/column`, the line
/// counted in the file from 1, so `/1` is about the header; blank lines are passed over.
Decoded<std::vector<ImportRow>> decode_catalogue(std::string_view body, std::size_t rows_max);

}  // namespace sugang
