#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "http/server/admission.hpp"
#include "http/server/exchange.hpp"
#include "http/server/limits.hpp"
#include "http/server/request.hpp"
#include "http/server/site.hpp"

namespace sugang {

/// What a request holds until it is answered or times out.
struct CallHold {
  /// The key under which Admission counts the request for a course; empty: none.
  std::string course_key;
  std::chrono::steady_clock::time_point deadline;
};

/// A request, as its handler gets it.
struct Call {
  const Request& request;
  /// What request.body views; a handler that keeps the bytes moves them out.
  std::string& body;
  const Site& site;
  Backend& backend;
  const Limits& limits;
  Admission& admission;
  CallHold& hold;
  /// Set for an import only.
  ImportPlace import_place;
  Exchange exchange;
  TraceContext trace;
  /// Set by the handler, for the log: the student in whose name the request acts.
  std::string& caller;
  TimePoint now;
  bool draining = false;

  /// Counts the command until it is answered. False: the course's bound is reached.
  bool enter_course(const CourseId& course);
  /// The same for a read. Reads have a count of their own with the same bound, so that commands that wait for a
  /// payment do not block them.
  bool enter_course_read(const CourseId& course);
  /// Moves the deadline of the answer.
  void wait_longer(Milliseconds time) { hold.deadline += time; }
};

/// What a handler returns: the answer, or nothing if the answer comes through the exchange.
using Handled = std::optional<Response>;

}  // namespace sugang
