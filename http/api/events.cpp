#include "http/api/events.hpp"

#include <algorithm>
#include <array>

#include "http/api/query.hpp"
#include "http/api/routes.hpp"
#include "http/server/request_fields.hpp"

namespace sugang {
namespace {

void write_correlation(JsonWriter& json, const Record& record) {
  if (!record.enrollment) return;
  const auto saga = to_text(saga_of(*record.enrollment));
  json.member("enrollmentid", *record.enrollment).member("sagaid", saga);
  if (record.causation.step == Step::none) return;
  std::string causation = saga;
  causation.append(":").append(to_text(record.causation.step));
  causation.append(":").append(to_text(record.causation.direction));
  json.member("causationid", causation);
}

constexpr std::size_t event_bytes_typical = 640;

void append_event(std::string& text, const Record& record) {
  text.append("id: ").append(position_text(record.position));
  text.append("\nevent: ").append(event_name(record.event)).append("\ndata: ");
  // On one line: JSON escapes what would break it.
  JsonWriter{text}.object(record, write_event);
  text.append("\n\n");
}

/// The last that a client gets: it comes back with its last id, but not at once.
EventPage last_page(Position after, ServiceError error) {
  EventPage page{.after = after, .next = after, .ends = true};
  const auto problem = to_answer({.problem = problem_of(error), .instance = "/v1/events"});
  page.text.append("retry: 60000\nevent: problem\ndata: ").append(problem.body).append("\n\n");
  return page;
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

/// A client that returns has its newest position in `Last-Event-ID`; its address has that of its first request.
Handled stream_events(const Call& call, EventsAfter after) {
  if (const auto last = call.request.field(RequestField::last_event_id); last && !last->empty()) {
    const auto position = parse_position(*last);
    if (!position) return refuse(call, Problem::malformed, "Last-Event-ID is not an id that this server gave");
    after = {*position};
  }
  // It would wait, and then miss what it never saw: its journal is another one.
  if (after.position > call.backend.durable_position())
    return refuse(call, Problem::malformed, "the journal has not come to this position yet");
  return Response{
      .content_type = std::string{event_stream}, .events_after = after.position, .events_from_now = after.now}
      .with("Cache-Control", "no-store")
      .with("Vary", "Accept");
}

Handled list_events(Call& call) {
  QueryReader query{call.request};
  const auto from = events_after(query, call.backend);
  const auto limit = query.page().limit;
  if (!query.faults().empty()) return refuse(call, query.faults());
  const auto accept = call.request.field(RequestField::accept).value_or(std::string_view{});
  if (best_offer(accept, event_forms) == event_stream) return stream_events(call, from);
  const auto after = from.position;
  read(call.backend, Reply{call}, ReadEvents{after, limit},
       [after, link = NextLink{call.request, "after"}](const EventsRead& found, const Reply& reply) {
         const auto& [records, next, at_end] = found;
         Response response;
         response.content_type = event_batch;
         response.with("Vary", "Accept");
         JsonWriter json{response.body};
         json.begin_array();
         for (const auto& record : records)
           if (is_public(record)) json.object(record, write_event);
         json.end_array();
         // A client that follows the links stops at the end of the journal, and continues from here later.
         if (next > after) response.with("Link", link.field(position_text(next)));
         response.with("Sugang-Position", position_text(std::max(next, after)));
         reply.answer(std::move(response));
       });
  return std::nullopt;
}

}  // namespace

void write_event(JsonWriter& json, const Record& record) {
  json.member("specversion", "1.0")
      .member("id", record.id)
      .member("source", "/sugang")
      .member("type", "sugang." + std::string{event_name(record.event)})
      .member("subject", record.aggregate)
      .member("time", record.time)
      .member("datacontenttype", "application/json")
      // 64-bit numbers stand as text: a CloudEvents integer has 32 bits.
      .member("sequence", std::to_string(record.sequence))
      .member("position", position_text(record.position))
      .member("schemaversion", event_version(record.event));
  write_correlation(json, record);
  if (record.trace.present()) json.member("traceparent", traceparent_text(record.trace));
  json.key("data");
  std::visit(
      [&](const auto& of_aggregate) { std::visit([&](const auto& event) { json.value(event); }, of_aggregate); },
      record.event);
}

EventPage to_event_page(Position after, const ReadEvents::Result& read) {
  if (const auto* error = std::get_if<ServiceError>(&read)) return last_page(after, *error);
  const auto& found = std::get<0>(read);
  EventPage page{.after = after, .next = found.next, .at_end = found.at_end};
  page.text.reserve(found.records.size() * event_bytes_typical);
  for (const auto& record : found.records)
    if (is_public(record)) append_event(page.text, record);
  return page;
}

std::span<const Route> event_routes() {
  static constexpr std::array routes{Route{Method::get, "/v1/events", BodyKind::none, list_events}};
  return routes;
}

}  // namespace sugang
