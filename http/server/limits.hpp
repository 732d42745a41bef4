#pragma once

#include <cstddef>
#include <cstdint>

namespace sugang {

/// Every bound of the HTTP server, with the status that answers what exceeds it.
struct Limits {
  /// Request line and fields, with the final empty line: 431.
  std::size_t header_bytes_max = 16 << 10;
  /// Chunk extensions and trailers of one request, together: 400.
  std::size_t chunk_overhead_bytes_max = 512;
  /// JSON bodies: 413.
  std::size_t body_bytes_max = 64 << 10;
  /// CSV bodies: 413.
  std::size_t import_bytes_max = 16 << 20;
  /// Courses in one CSV: 422.
  std::size_t import_rows_max = 100'000;

  /// From the first byte of a request to the end of its header: 408. Also from the accept to the first byte; then
  /// the connection is closed without an answer.
  std::uint32_t header_read_timeout_ms = 10'000;
  /// From the end of the header to the end of the body: 408.
  std::uint32_t body_read_timeout_ms = 30'000;
  /// Between two requests of one connection, which is then closed.
  std::uint32_t idle_timeout_ms = 75'000;
  /// For a client that does not read its answer: the connection is closed.
  std::uint32_t write_timeout_ms = 30'000;
  /// How long what a refused client still sends is read and discarded, so that it can read the answer.
  std::uint32_t linger_timeout_ms = 2'000;
  /// Beyond the wait that the caller chose: 503. The request then no longer counts as in flight.
  std::uint32_t answer_timeout_ms = 10'000;

  /// An event stream without events gets a comment at this interval.
  std::uint32_t event_stream_keep_alive_ms = 15'000;

  /// Open connections: the next gets 503 and is closed.
  std::size_t connections_max = 10'000;
  /// The same for the management port, so that clients cannot use up the connections of probes.
  std::size_t management_connections_max = 64;
  /// Requests of clients without an answer, in the whole node: 503.
  std::size_t requests_in_flight_max = 20'000;
  /// The same for the commands to one course, and for the reads of one course: 503.
  std::size_t requests_in_flight_per_course_max = 10'000;
  /// Imports from the first byte of the body until all courses are registered, in the whole node: 503.
  std::size_t imports_max = 4;
  /// Event streams, in the whole node: 503.
  std::size_t event_streams_max = 200;
  /// The kernel's send buffer of an event stream. Small, so that a client that does not read meets the write
  /// timeout.
  std::size_t event_stream_send_bytes = 64 << 10;
};

}  // namespace sugang
