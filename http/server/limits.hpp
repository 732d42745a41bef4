#pragma once

#include <cstddef>
#include <cstdint>

namespace sugang {

/// Every bound of the HTTP side. What passes one is refused with a problem; nothing grows without one.
struct Limits {
  /// Request line and fields, with their final empty line: 431.
  std::size_t header_bytes_max = 16 << 10;
  /// Chunk extensions and trailers of one request, together: 400.
  std::size_t chunk_overhead_bytes_max = 512;
  /// JSON bodies: 413.
  std::size_t body_bytes_max = 64 << 10;
  /// CSV bodies: 413.
  std::size_t import_bytes_max = 16 << 20;
  /// Courses in one CSV: 422.
  std::size_t import_rows_max = 100'000;

  /// From the first byte of a request (for the first: from the accept) to the end of its header: 408.
  std::uint32_t header_read_timeout_ms = 10'000;
  /// From the end of the header to the end of the body: 408.
  std::uint32_t body_read_timeout_ms = 30'000;
  /// Between two requests of one connection.
  std::uint32_t idle_timeout_ms = 75'000;
  /// For a client that does not read its answer.
  std::uint32_t write_timeout_ms = 30'000;
  /// How long what a refused client still sends is thrown away, so that it can read its answer.
  std::uint32_t linger_timeout_ms = 2'000;
  /// Beyond the wait that the caller chose: 503, and the request's place is free again.
  std::uint32_t answer_timeout_ms = 10'000;

  /// A client that follows the events gets something at least so often.
  std::uint32_t event_stream_keep_alive_ms = 15'000;

  /// Open connections: the next gets 503 and is closed.
  std::size_t connections_max = 10'000;
  /// The same for the management port, which has its own, so that probes are answered whatever clients do.
  std::size_t management_connections_max = 64;
  /// Requests taken up and not answered yet, in the whole node: 503.
  std::size_t requests_in_flight_max = 20'000;
  /// The same for one course: 503.
  std::size_t requests_in_flight_per_course_max = 10'000;
  /// Catalogues that are read or registered, in the whole node: 503.
  std::size_t imports_max = 4;
  /// Clients that follow the events, in the whole node: 503.
  std::size_t event_streams_max = 200;
  /// What the kernel holds for one of them. Small, so that the write timeout sees a client that does not read.
  std::size_t event_stream_send_bytes = 64 << 10;
};

}  // namespace sugang
