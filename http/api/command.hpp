#pragma once

#include <functional>
#include <optional>
#include <string>
#include <variant>

#include "http/api/query.hpp"

// What the handlers share that change something: a command, its reason, its Idempotency-Key, its answer.

namespace sugang {

/// Renders what became of the request whose path is `instance`.
using Render = std::function<Answer(const Outcome& outcome, const std::string& instance)>;

/// A POST or PATCH that changes something.
struct Submission {
  /// In whose name: keys of two callers never meet.
  std::string caller;
  /// The course or the enrollment that it is about: nor do keys of two resources.
  std::optional<AggregateId> resource;
  Command command;
  Wait wait;
  Render render;
  /// A repeat that finds the request taken up by a process whose crash lost the answer: the command is submitted
  /// again if that does no harm, or the enrollment that it had begun is joined, if `render_joined` is set. Else the
  /// repeat is refused.
  bool repeatable = false;
  Render render_joined;
  std::string preference_applied;
};

/// Submits the command, once per Idempotency-Key when the request has one.
Handled submit(Call& call, Submission submission);

/// What of a call a command needs that is submitted after its handler has returned.
struct LaterCall {
  Backend& backend;
  Reply reply;
  TraceContext trace;
  std::optional<RequestKey> key;
};
/// Reads the key, whose scope is caller and resource; or refuses it.
std::variant<LaterCall, Response> keep_for_later(const Call& call, const std::string& caller,
                                                 const std::optional<AggregateId>& resource);
/// As submit. On the loop's thread.
void submit_later(LaterCall call, Submission submission);

/// The caller of a command that no key protects, because repeating it does no harm.
Caller unkeyed_caller(const Call& call, Render render);

inline constexpr std::size_t reason_chars_max = 500;
/// The reason for a command that requires one: 1 to `reason_chars_max` characters.
Decoded<std::string> decode_reason(std::string_view body);
/// The same, empty when none is given; an empty body gives none.
Decoded<std::string> decode_optional_reason(std::string_view body);

/// The problem that an outcome's refusal is.
Answer refusal_answer(const Outcome& outcome, const std::string& instance);
Answer refusal_answer(const Outcome& outcome, const std::string& instance, Problem problem);

}  // namespace sugang
