#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <deque>
#include <string>

#include "http/server/request.hpp"

namespace sugang {

/// Beast's parser, which fills a Request directly: only the fields that the server reads, as views, without a copy.
/// The header's bytes must stay where they are until the request is answered.
class RequestParser final : public boost::beast::http::basic_parser<true> {
 public:
  using Error = boost::beast::error_code;
  using Text = boost::beast::string_view;

  RequestParser(Request& request, std::string& body, std::size_t chunk_overhead_bytes_max);

  /// To be called before the first byte of the body.
  void limit_body(std::size_t bytes_max) { body_bytes_max_ = bytes_max; }
  bool body_too_large() const { return body_too_large_; }
  /// A field that may occur once occurred twice: the request is malformed.
  bool field_repeated() const { return field_repeated_; }
  bool wants_close() const { return !keep_alive(); }
  bool is_http_1_0() const { return version_ == 10; }

 private:
  void on_request_impl(boost::beast::http::verb verb, Text method, Text target, int version, Error& error) override;
  void on_response_impl(int, Text, int, Error&) override {}
  void on_field_impl(boost::beast::http::field field, Text name, Text value, Error& error) override;
  void on_header_impl(Error&) override { in_trailer_ = true; }
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, Error& error) override;
  std::size_t on_body_impl(Text bytes, Error& error) override;
  void on_chunk_header_impl(std::uint64_t size, Text extensions, Error& error) override;
  std::size_t on_chunk_body_impl(std::uint64_t remain, Text bytes, Error& error) override;
  void on_finish_impl(Error&) override {}

  void note_overhead(std::size_t bytes, Error& error);
  void note_field(RequestField field, std::string_view value);

  Request& request_;
  std::string& body_;
  /// Values of fields that came in several lines, joined; the request has views of them.
  std::deque<std::string> joined_;
  std::size_t chunk_overhead_left_;
  std::size_t body_bytes_max_ = 0;
  int version_ = 0;
  bool in_trailer_ = false;
  bool body_too_large_ = false;
  bool field_repeated_ = false;
};

}  // namespace sugang
