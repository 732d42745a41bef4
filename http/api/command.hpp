#pragma once

#include <functional>
#include <optional>
#include <string>
#include <variant>

#include "http/api/query.hpp"

// Shared by the handlers that submit commands: the Idempotency-Key, the reason, the answer.

namespace sugang {

/// Renders the outcome of a request; `instance` is the request's path. See Caller::render.
using Render = std::function<Answer(const Outcome& outcome, const std::string& instance)>;

/// A POST or PATCH that changes something.
struct Submission {
  /// In whose name the request acts, if known. The same Idempotency-Key of another caller is another key.
  std::string caller;
  /// The course or the enrollment that the command is about. The same key for another one is another key.
  std::optional<AggregateId> resource;
  Command command;
  Wait wait;
  Render render;
  /// A crash may come between a command and its answer. A repeat of the request then submits the command again if
  /// that does no harm (`repeatable`), or joins the saga of the enrollment if `render_joined` is set. Otherwise the
  /// repeat is refused.
  bool repeatable = false;
  Render render_joined;
  std::string preference_applied;
};

/// Submits the command, once per Idempotency-Key when the request has one.
Handled submit(Call& call, Submission submission);

/// What is kept of a call whose command is submitted after the handler has returned.
struct LaterCall {
  Backend& backend;
  Reply reply;
  TraceContext trace;
  std::optional<RequestKey> key;
};
/// Reads the request's key, whose scope is caller and resource; or the refusal of an invalid key.
std::variant<LaterCall, Response> keep_for_later(const Call& call, const std::string& caller,
                                                 const std::optional<AggregateId>& resource);
/// As submit; to be called on the loop's thread.
void submit_later(LaterCall call, Submission submission);

/// The caller of a command that needs no Idempotency-Key, because a repeat does no harm.
Caller unkeyed_caller(const Call& call, Render render);

inline constexpr std::size_t reason_chars_max = 500;
/// The reason for a command that requires one: 1 to `reason_chars_max` characters.
Decoded<std::string> decode_reason(std::string_view body);
/// The same, empty when none is given; an empty body gives none.
Decoded<std::string> decode_optional_reason(std::string_view body);

/// The outcome's refusal as a problem: the one of the table, or another for this resource.
Answer refusal_answer(const Outcome& outcome, const std::string& instance);
Answer refusal_answer(const Outcome& outcome, const std::string& instance, Problem problem);

}  // namespace sugang
