#include <algorithm>
#include <array>

#include "http/enrollment_routes.hpp"
#include "http/handling.hpp"
#include "http/request_fields.hpp"

// Reads by id: all fold the enrollment's timeline, so they agree.

namespace sugang {
namespace {

using Write = void (*)(JsonWriter&, const EnrollmentSummary&);

EnrollmentSummary fold(const std::vector<Record>& records) {
  EnrollmentSummary summary;
  for (const auto& record : records) apply(summary, record);
  return summary;
}

Handled get_of_enrollment(Call& call, std::optional<EnrollmentId> id, Write write) {
  if (!id) return refuse(call, Problem::enrollment_not_found);
  call.backend.read_timeline(*id, [exchange = call.exchange, instance = std::string{call.request.path},
                                   known = if_none_match(call), write](const std::vector<Record>& records) {
    if (records.empty()) return exchange.answer(refuse(instance, Problem::enrollment_not_found));
    const auto summary = fold(records);
    exchange.answer(single_resource(json_of(summary, write), version_etag(summary.version), known));
  });
  return std::nullopt;
}

template <class Id>
std::optional<EnrollmentId> enrollment_behind(std::optional<Id> id) {
  return id ? std::optional{enrollment_of(*id)} : std::nullopt;
}

/// A list of what there is of one enrollment: one, or none.
void list_of_enrollment(Call& call, EnrollmentId id, std::optional<SagaState> state, Write write) {
  call.backend.read_timeline(id, [exchange = call.exchange, state, write](const std::vector<Record>& records) {
    std::vector<EnrollmentSummary> found;
    if (!records.empty()) found.push_back(fold(records));
    if (state) std::erase_if(found, [&](const EnrollmentSummary& one) { return one.saga != *state; });
    exchange.answer(json_response(200, json_list(found, std::nullopt, write)));
  });
}

constexpr std::string_view event_batch = "application/cloudevents-batch+json";
constexpr std::string_view event_stream = "text/event-stream";
/// A client that wants neither gets the batch.
constexpr std::array event_forms{event_batch, event_stream};

/// The position that a client comes back with, which its own `Last-Event-ID` tells better than the address that it
/// began with.
Handled stream_events(const Call& call, Position after) {
  if (const auto last = call.request.field(RequestField::last_event_id); last && !last->empty()) {
    const auto position = parse_position(*last);
    if (!position) return refuse(call, Problem::malformed, "Last-Event-ID is not an id that this server gave");
    after = *position;
  }
  // It would wait, and then miss what it never saw: its journal is another one.
  if (after > call.backend.durable_position())
    return refuse(call, Problem::malformed, "the journal has not come to this position yet");
  Response response;
  response.content_type = event_stream;
  response.events_after = after;
  return std::move(response).with("Cache-Control", "no-store").with("Vary", "Accept");
}

}  // namespace

Handled get_enrollment(Call& call) {
  return get_of_enrollment(call, parse_id<EnrollmentTag>(call.request.path_id), write_enrollment);
}

Handled get_payment(Call& call) {
  return get_of_enrollment(call, enrollment_behind(parse_id<PaymentTag>(call.request.path_id)), write_payment);
}

Handled get_saga(Call& call) {
  return get_of_enrollment(call, enrollment_behind(parse_id<SagaTag>(call.request.path_id)), write_saga);
}

Handled list_payments(Call& call) {
  QueryReader query{call.request};
  auto id = query.enrollment("enrollmentId");
  if (!id && query.faults().empty()) query.fault("enrollmentId", "is required");
  query.page();
  if (!query.faults().empty()) return refuse(call, query.faults());
  list_of_enrollment(call, *id, std::nullopt, write_payment);
  return std::nullopt;
}

Handled list_sagas(Call& call) {
  QueryReader query{call.request};
  auto id = query.enrollment("enrollmentId");
  EnrollmentFilter filter;
  filter.saga = query.one_of<SagaState>("state");
  auto page = query.page();
  if (!query.faults().empty()) return refuse(call, query.faults());
  auto position = min_position(call.request);
  if (!position) return refuse_min_position(call);
  if (id) {
    list_of_enrollment(call, *id, filter.saga, write_saga);
    return std::nullopt;
  }
  call.backend.list_enrollments(std::move(filter), std::move(page), *position,
                                [exchange = call.exchange, link = NextLink{call.request, "cursor"}](auto result) {
                                  exchange.answer(list_response(result, link, write_saga));
                                });
  return std::nullopt;
}

Handled get_timeline(Call& call) {
  auto id = parse_id<EnrollmentTag>(call.request.path_id);
  if (!id) return refuse(call, Problem::enrollment_not_found);
  QueryReader query{call.request};
  const auto after = query.position("cursor").value_or(0);
  const auto limit = query.page().limit;
  if (!query.faults().empty()) return refuse(call, query.faults());
  call.backend.read_timeline(*id, [exchange = call.exchange, after, limit,
                                   link = NextLink{call.request, "cursor"}](std::vector<Record> records) {
    if (records.empty()) return exchange.answer(refuse(link.path(), Problem::enrollment_not_found));
    std::erase_if(records, [&](const Record& record) { return record.position <= after || !is_public(record); });
    std::optional<std::string> next;
    if (records.size() > limit) {
      records.resize(limit);
      next = position_text(records.back().position);
    }
    auto response = json_response(200, json_list(records, next, write_event));
    if (next) response.with("Link", link.field(*next));
    exchange.answer(std::move(response));
  });
  return std::nullopt;
}

Handled list_events(Call& call) {
  QueryReader query{call.request};
  const auto after = query.position("after").value_or(0);
  const auto limit = query.page().limit;
  if (!query.faults().empty()) return refuse(call, query.faults());
  const auto accept = call.request.field(RequestField::accept).value_or(std::string_view{});
  if (best_offer(accept, event_forms) == event_stream) return stream_events(call, after);
  call.backend.read_events(after, limit,
                           [exchange = call.exchange, after, link = NextLink{call.request, "after"}](
                               const std::vector<Record>& records, Position next) {
                             Response response;
                             response.content_type = event_batch;
                             response.with("Vary", "Accept");
                             JsonWriter json{response.body};
                             json.begin_array();
                             for (const auto& record : records)
                               if (is_public(record)) write_event(json, record);
                             json.end_array();
                             // Whoever follows the links stops at the end of the journal, and asks from here later.
                             if (next > after) response.with("Link", link.field(position_text(next)));
                             response.with("Sugang-Position", position_text(std::max(next, after)));
                             exchange.answer(std::move(response));
                           });
  return std::nullopt;
}

}  // namespace sugang
