#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sugang {

/// Where the next page of a list begins: after the row with this key. `scope` names the list and its filters, so
/// that a cursor of one list is refused by another. Base64url (RFC 4648, 5), without padding.
std::string make_cursor(std::string_view scope, std::string_view key);
/// The key; nothing when the text was not made by make_cursor for the same scope.
std::optional<std::string> read_cursor(std::string_view scope, std::string_view cursor);

}  // namespace sugang
