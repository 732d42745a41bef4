#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "domain/saga.hpp"

// What is requested of the actors from outside, without CAF.

namespace sugang {

/// A rendered answer, as a repeat of a keyed request gets it byte for byte.
struct Answer {
  std::uint16_t status = 0;
  std::string content_type;
  std::string location;
  std::string body;
  std::string etag;
  // Not stored with a keyed answer:
  std::optional<std::uint32_t> retry_after_s;
  /// Journal position that the answer reflects (`Sugang-Position`); set when it passes the gate. A repeat has that
  /// of the stored answer.
  Position position = 0;
};

/// A keyed request: `id` digests caller, resource and key, `body` the route and the body.
struct RequestKey {
  RequestId id;
  Uid body;
};

/// A caller that waits for the end of a command. `render` is called once, on an actor's thread, and must be a pure
/// function; `deliver` once, through the journal's gate. An answer to a keyed request is journaled before. An
/// caller that is dropped without an answer (its turn threw) gives its key back, and its caller gets 500.
struct Caller {
  std::optional<RequestKey> key;
  /// The request was taken up before (RequestClaimed is in the journal), by this process or before a crash.
  bool claimed = false;
  TraceContext trace;
  std::function<Answer(const Outcome&)> render;
  std::function<void(Answer)> deliver;
};

struct ImportRow {
  CourseId id;
  CourseDefinition definition;
  std::size_t line = 0;
};

/// Registers courses: one, or a whole file's, all or nothing.
struct RegisterCourses {
  std::vector<ImportRow> rows;
  /// One course that a caller posted, rather than an import.
  bool single = false;
};

}  // namespace sugang
