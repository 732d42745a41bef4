#include <algorithm>
#include <array>

#include "http/enrollment_reads.hpp"
#include "http/enrollment_routes.hpp"
#include "http/handling.hpp"
#include "http/request_fields.hpp"

// What an enrollment's timeline tells, and the journal of all.

namespace sugang {
namespace {

/// An enrollment with its place in the course's line. The two are read one after the other, so a waiter may be
/// promoted in between.
struct EnrollmentRead {
  Backend& backend;
  Exchange exchange;
  EnrollmentId id;
  std::string instance;
  std::optional<std::string> known;

  void answer(const EnrollmentSummary& enrollment, std::optional<std::uint64_t> place) const {
    std::string body;
    JsonWriter json{body};
    write_enrollment_in_line(json, enrollment, place);
    exchange.answer(single_resource(std::move(body), version_etag(enrollment.version, place), known));
  }
  void answer_as_it_stands() const {
    ask(backend, ReadTimeline{id}, [read = *this](const ReadTimeline::Result& timeline) {
      if (const auto* records = read_or_refuse(timeline, read.exchange, read.instance))
        read.answer(fold(*records), std::nullopt);
    });
  }
  void find_place(const EnrollmentSummary& enrollment) const {
    ask(backend, FindWaitlistPosition{enrollment.course, id},
        [read = *this, enrollment](const FindWaitlistPosition::Result& found) {
          const auto* place = read_or_refuse(found, read.exchange, read.instance);
          if (!place) return;
          if (*place) return read.answer(enrollment, *place);
          read.exchange.resume([read](bool waits) {
            if (waits) read.answer_as_it_stands();
          });
        });
  }
  void go_on(const ReadTimeline::Result& timeline) const {
    const auto* found = read_or_refuse(timeline, exchange, instance);
    if (!found) return;
    const auto& records = *found;
    if (records.empty()) return exchange.answer(refuse(instance, Problem::enrollment_not_found));
    const auto enrollment = fold(records);
    if (enrollment.state != EnrollmentState::waitlisted) return answer(enrollment, std::nullopt);
    exchange.resume([read = *this, enrollment](bool waits) {
      if (waits) read.find_place(enrollment);
    });
  }
};

/// A list of what there is of one enrollment: one, or none.
void list_of_enrollment(Call& call, EnrollmentId id, std::optional<SagaState> state, WriteSummary write) {
  ask(call.backend, ReadTimeline{id},
      [exchange = call.exchange, instance = std::string{call.request.path}, state,
       write](const ReadTimeline::Result& read) {
        const auto* records = read_or_refuse(read, exchange, instance);
        if (!records) return;
        std::vector<EnrollmentSummary> found;
        if (!records->empty()) found.push_back(fold(*records));
        if (state) std::erase_if(found, [&](const EnrollmentSummary& one) { return one.saga != *state; });
        exchange.answer(json_response(200, json_list(found, std::nullopt, write)));
      });
}

constexpr std::string_view event_batch = "application/cloudevents-batch+json";
constexpr std::string_view event_stream = "text/event-stream";
/// JSON is the batch too, and a client that wants none of them gets the batch.
constexpr std::array event_forms{event_batch, std::string_view{"application/json"}, event_stream};

/// Where the events begin: `after`, a position or `now`.
struct EventsAfter {
  Position position = 0;
  bool now = false;
};
EventsAfter events_after(QueryReader& query, const Backend& backend) {
  const auto given = query.text("after");
  if (!given) return {};
  if (*given == "now") return {backend.durable_position(), true};
  return {query.position("after").value_or(0)};
}

/// The position that a client comes back with, which its own `Last-Event-ID` tells better than the address that it
/// began with.
Handled stream_events(const Call& call, EventsAfter after) {
  if (const auto last = call.request.field(RequestField::last_event_id); last && !last->empty()) {
    const auto position = parse_position(*last);
    if (!position) return refuse(call, Problem::malformed, "Last-Event-ID is not an id that this server gave");
    after = {*position};
  }
  // It would wait, and then miss what it never saw: its journal is another one.
  if (after.position > call.backend.durable_position())
    return refuse(call, Problem::malformed, "the journal has not come to this position yet");
  Response response;
  response.content_type = event_stream;
  response.events_after = after.position;
  response.events_from_now = after.now;
  return std::move(response).with("Cache-Control", "no-store").with("Vary", "Accept");
}

}  // namespace

Handled get_enrollment(Call& call) {
  auto id = parse_id<EnrollmentTag>(call.request.path_id);
  if (!id) return refuse(call, Problem::enrollment_not_found);
  const EnrollmentRead read{call.backend, call.exchange, *id, std::string{call.request.path}, if_none_match(call)};
  ask(call.backend, ReadTimeline{*id}, [read](const ReadTimeline::Result& timeline) { read.go_on(timeline); });
  return std::nullopt;
}

Handled get_payment(Call& call) {
  return get_of_enrollment(call, enrollment_behind(parse_id<PaymentTag>(call.request.path_id)), {write_payment});
}

Handled get_saga(Call& call) {
  return get_of_enrollment(call, enrollment_behind(parse_id<SagaTag>(call.request.path_id)), {write_saga});
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
  if (!id) return list_view(call, query, std::move(filter), write_saga);
  auto page = read_view_page(call, query);
  if (auto* refusal = std::get_if<Response>(&page)) return std::move(*refusal);
  list_of_enrollment(call, *id, filter.saga, write_saga);
  return std::nullopt;
}

Handled get_timeline(Call& call) {
  auto id = parse_id<EnrollmentTag>(call.request.path_id);
  if (!id) return refuse(call, Problem::enrollment_not_found);
  QueryReader query{call.request};
  const auto after = query.position("cursor").value_or(0);
  const auto limit = query.page().limit;
  if (!query.faults().empty()) return refuse(call, query.faults());
  ask(call.backend, ReadTimeline{*id},
      [exchange = call.exchange, after, limit,
       link = NextLink{call.request, "cursor"}](const ReadTimeline::Result& read) {
        const auto* found = read_or_refuse(read, exchange, link.path());
        if (!found) return;
        auto records = *found;
        if (records.empty()) return exchange.answer(refuse(link.path(), Problem::enrollment_not_found));
        std::erase_if(records,
                      [&](const Record& record) { return record.position <= after || !is_public(record); });
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
  const auto from = events_after(query, call.backend);
  const auto limit = query.page().limit;
  if (!query.faults().empty()) return refuse(call, query.faults());
  const auto accept = call.request.field(RequestField::accept).value_or(std::string_view{});
  if (best_offer(accept, event_forms) == event_stream) return stream_events(call, from);
  const auto after = from.position;
  ask(call.backend, ReadEvents{after, limit},
      [exchange = call.exchange, after, link = NextLink{call.request, "after"}](const ReadEvents::Result& read) {
        const auto* found = read_or_refuse(read, exchange, link.path());
        if (!found) return;
        const auto& [records, next, at_end] = *found;
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
