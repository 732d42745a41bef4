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

/// What a request holds until it is answered or given up.
struct CallHold {
  /// The count of a course that the request stands in; empty for none.
  std::string course;
  std::chrono::steady_clock::time_point deadline;
};

/// One request in the hands of its handler.
struct Call {
  const Request& request;
  /// The bytes of request.body, for a handler that keeps them.
  std::string& body;
  const Site& site;
  Backend& backend;
  const Limits& limits;
  Admission& admission;
  CallHold& hold;
  /// Of a catalogue; nothing for all else.
  ImportPlace import_place;
  Exchange exchange;
  TraceContext trace;
  /// In whose name the request acts, for the log; set by handlers.
  std::string& caller;
  TimePoint now;
  bool draining = false;

  /// Counts the command to the course. False: the course has too many under way.
  bool enter_course(const CourseId& course);
  /// Counts the read to the course. Reads have a count of their own, with the same bound: commands that wait for
  /// the payment side do not block reads.
  bool enter_course_read(const CourseId& course);
  /// Gives the answer this much longer.
  void wait_longer(Milliseconds time) { hold.deadline += time; }
};

/// Refuses nothing by itself; handlers give an answer at once, or nothing when it will come through the exchange.
using Handled = std::optional<Response>;

}  // namespace sugang
