#include <gmock/gmock.h>

#include <thread>

#include "http/server/request_fields.hpp"
#include "tests/http/follower.hpp"
#include "tests/http/placement.hpp"
#include "tests/http/served.hpp"

namespace sugang {
namespace {

using testing::Each;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

constexpr std::size_t events_of_an_enrollment = 8;

class EventStreams : public Served {
 protected:
  void enroll_students(std::size_t count) {
    WireClient client{port()};
    for (std::size_t i = 0; i < count; ++i) {
      client.send(placement("c", "s-" + std::to_string(++students_)));
      const auto answer = client.read_answer();
      ASSERT_TRUE(answer);
      ASSERT_EQ(answer->status, 201);
    }
  }
  /// Positions of all events since the course was opened.
  std::vector<std::string> all_positions() {
    std::vector<std::string> positions;
    std::string after = opened_;
    for (;;) {
      const auto batch = get("/v1/events?limit=200&after=" + after).json();
      if (batch.empty()) return positions;
      for (const auto& event : batch) positions.push_back(event["position"]);
      after = positions.back();
    }
  }
  std::string all_positions_before_damage() { return get(events() + "&limit=200").json().back()["position"]; }
  void open_course() {
    ASSERT_EQ(post("/v1/courses", R"({"id":"c","kind":"performance","title":"Verse","capacity":100000})").status,
              201);
    opened_ = get("/v1/events").json().back()["position"];
  }
  /// The events since then.
  std::string events() const { return "/v1/events?after=" + opened_; }
  bool await_streams(std::size_t count) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{5};
    while (server().stats().event_streams != count && std::chrono::steady_clock::now() < end)
      std::this_thread::yield();
    return server().stats().event_streams == count;
  }

 private:
  std::size_t students_ = 0;

 protected:
  std::string opened_ = "p0";
};

TEST_F(EventStreams, CarryWhatTheBatchCarries) {
  open_course();
  enroll_students(2);
  const auto batch = get(events()).json();
  ASSERT_EQ(batch.size(), 2 * events_of_an_enrollment);
  Follower follower{port(), events()};
  const auto events = follower.next_events(batch.size());
  ASSERT_EQ(events.size(), batch.size());
  for (std::size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(nlohmann::json::parse(events[i].data), batch[i]);
    EXPECT_EQ(events[i].id, batch[i]["position"]);
    EXPECT_EQ("sugang." + events[i].event, batch[i]["type"]);
  }
}

TEST_F(EventStreams, AreAnnouncedAsWhatTheyAre) {
  Follower follower{port(), events()};
  const auto& answer = follower.answer();
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(contract().faults("GET", "/v1/events", answer), IsEmpty());
  EXPECT_EQ(answer.field("content-type"), "text/event-stream");
  EXPECT_EQ(answer.field("cache-control"), "no-store");
  EXPECT_EQ(answer.field("vary"), "Accept");
  EXPECT_EQ(answer.field("transfer-encoding"), "chunked");
  EXPECT_EQ(answer.fields.count("content-length"), 0u);
  EXPECT_EQ(follower.next()->retry, "1000");
}

TEST_F(EventStreams, AreGivenOnlyToWhomAskedForThem) {
  open_course();
  for (const auto* accept : {"*/*", "application/cloudevents-batch+json", "application/json", "text/html"})
    EXPECT_EQ(get("/v1/events", {{"Accept", accept}}).field("content-type"), "application/cloudevents-batch+json")
        << accept;
  const auto head = call("HEAD", "/v1/events", {{"Accept", "text/event-stream"}});
  EXPECT_EQ(head.field("content-type"), "text/event-stream");
  EXPECT_EQ(head.fields.count("content-length"), 0u);
  EXPECT_EQ(server().stats().event_streams, 0u);
}

TEST_F(EventStreams, AClientOfHttp10GetsTheBareTextAndTheEndOfTheConnection) {
  open_course();
  enroll_students(1);
  WireClient client{port()};
  client.send("GET /v1/events HTTP/1.0\r\nAccept: text/event-stream\r\n\r\n");
  const auto answer = client.read_answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->field("connection"), "close");
  EXPECT_EQ(answer->fields.count("transfer-encoding"), 0u);
  const auto text = client.read_until("event: saga.completed\n");
  EXPECT_THAT(text, StartsWith("retry: 1000\n\nid: p1\nevent: course.registered\ndata: {"));
  server().drain();
  EXPECT_THAT(client.read_until("\n\n"), testing::EndsWith("}\n\n"));
  EXPECT_TRUE(client.at_end());
}

TEST_F(EventStreams, GoOnWithWhatHappensAndLeaveOutWhatTheServerNotesForItself) {
  open_course();
  Follower follower{port(), events()};
  EXPECT_EQ(follower.next()->retry, "1000");
  ASSERT_TRUE(backend.await("await_events"));
  std::vector<std::string> seen;
  for (int i = 0; i < 3; ++i) {
    enroll_students(1);
    const auto events = follower.next_events(events_of_an_enrollment);
    ASSERT_THAT(events, SizeIs(events_of_an_enrollment));
    for (const auto& event : events) EXPECT_THAT(event.event, testing::Not(StartsWith("request.")));
    EXPECT_EQ(events.back().event, "saga.completed");
    for (const auto& id : ids_of(events)) seen.push_back(id);
  }
  EXPECT_EQ(seen, all_positions());
}

TEST_F(EventStreams, GoOnBehindTheLastEventThatTheClientKnows) {
  open_course();
  enroll_students(2);
  const auto positions = all_positions();
  for (std::size_t known : {0u, 3u, 5u, 6u, 10u}) {
    Follower follower{port(), "/v1/events?after=p0", {{"Last-Event-ID", positions[known]}}};
    const auto ids = ids_of(follower.next_events(positions.size() - known - 1));
    EXPECT_EQ(ids, std::vector(positions.begin() + static_cast<std::ptrdiff_t>(known) + 1, positions.end()));
  }
  Follower follower{port(), "/v1/events?after=" + positions[7]};
  EXPECT_EQ(follower.next_events(1)[0].id, positions[8]);
  Follower empty{port(), "/v1/events?after=" + positions[7], {{"Last-Event-ID", ""}}};
  EXPECT_EQ(empty.next_events(1)[0].id, positions[8]);
}

TEST_F(EventStreams, APositionThatWasNeverGivenIsRefused) {
  const WireFields stream{{"Accept", "text/event-stream"}};
  EXPECT_EQ(get("/v1/events?after=x", stream).problem(), "invalid-request");
  EXPECT_EQ(get("/v1/events?after=p1", stream).problem(), "malformed");
  for (const auto* id : {"x", "7", "p1", "pvvvvvvvvvvvvv"})
    EXPECT_EQ(get("/v1/events", {stream[0], {"Last-Event-ID", id}}).problem(), "malformed") << id;
  EXPECT_EQ(get("/v1/events", {stream[0], {"Last-Event-ID", "p0"}, {"Last-Event-ID", "p0"}}).status, 400);
  EXPECT_EQ(server().stats().event_streams, 0u);
}

TEST_F(EventStreams, SendKeepAlivesWhenNothingHappens) {
  limits.event_stream_keep_alive_ms = 20;
  open_course();
  Follower follower{port(), events()};
  EXPECT_EQ(follower.next()->retry, "1000");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(follower.next()->comment, "keep-alive");
  enroll_students(1);
  EXPECT_THAT(follower.next_events(events_of_an_enrollment), SizeIs(events_of_an_enrollment));
  EXPECT_EQ(follower.next()->comment, "keep-alive");
}

TEST_F(EventStreams, HoldNoPlaceOfARequest) {
  limits.requests_in_flight_max = 1;
  open_course();
  Follower follower{port(), events()};
  EXPECT_EQ(follower.answer().status, 200);
  EXPECT_EQ(server().stats().requests_in_flight, 0u);
  enroll_students(1);
}

TEST_F(EventStreams, ThatWouldBeTooManyAreRefused) {
  limits.event_streams_max = 2;
  auto one = std::make_unique<Follower>(port(), events());
  Follower two{port(), events()};
  EXPECT_EQ(one->answer().status, 200);
  EXPECT_EQ(two.answer().status, 200);
  const auto refused = get("/v1/events", {{"Accept", "text/event-stream"}});
  EXPECT_EQ(refused.problem(), "overloaded");
  EXPECT_NE(refused.field("retry-after"), "");
  one.reset();
  ASSERT_TRUE(await_streams(1));
  Follower three{port(), events()};
  EXPECT_EQ(three.answer().status, 200);
}

TEST_F(EventStreams, OfClientsThatLeftHoldNothing) {
  open_course();
  for (int i = 0; i < 20; ++i) {
    Follower follower{port(), events()};
    EXPECT_EQ(follower.next()->retry, "1000");
    ASSERT_TRUE(backend.await("read_events", static_cast<std::size_t>(i) + 1));
  }
  ASSERT_TRUE(await_streams(0));
  EXPECT_LE(backend.count("await_events"), 1u);
  enroll_students(1);
  Follower follower{port(), events()};
  EXPECT_THAT(follower.next_events(events_of_an_enrollment), SizeIs(events_of_an_enrollment));
}

TEST_F(EventStreams, OfACrowdAtOnePlaceReadTheJournalOnce) {
  open_course();
  constexpr std::size_t crowd = 30;
  std::vector<std::unique_ptr<Follower>> followers;
  for (std::size_t i = 0; i < crowd; ++i) {
    followers.push_back(std::make_unique<Follower>(port(), events()));
    EXPECT_EQ(followers.back()->next()->retry, "1000");
  }
  ASSERT_TRUE(backend.await("await_events"));
  const auto before = backend.count("read_events");
  enroll_students(1);
  for (auto& follower : followers)
    EXPECT_THAT(follower->next_events(events_of_an_enrollment), SizeIs(events_of_an_enrollment));
  EXPECT_LE(backend.count("read_events") - before, 3u);
}

TEST_F(EventStreams, AreReadNoFasterThanTheirClientReads) {
  limits.write_timeout_ms = 200;
  open_course();
  constexpr std::size_t students = 400, page = 100;
  enroll_students(students);
  const auto before = backend.count("read_events");
  Follower asleep{port(), events()};
  ASSERT_TRUE(backend.await("read_events", before + 1));
  // Who does not read is closed, and was not read for either.
  ASSERT_TRUE(await_streams(0));
  EXPECT_LT(backend.count("read_events") - before, students * events_of_an_enrollment / page / 2);
}

TEST_F(EventStreams, BringALateReaderEverythingInOrder) {
  open_course();
  enroll_students(400);
  const auto positions = all_positions();
  Follower follower{port(), events()};
  EXPECT_EQ(ids_of(follower.next_events(positions.size())), positions);
}

TEST_F(EventStreams, OfAClientThatFellBehindTheOthersGoOnWithoutThem) {
  limits.event_stream_send_bytes = 4096;
  open_course();
  enroll_students(10);
  Follower slow{port(), events(), {}, 4096};
  ASSERT_TRUE(backend.await("read_events", 1));
  // The slow one has been given all there was and not read it. The others go on, to where nothing follows.
  Follower quick{port(), events()};
  EXPECT_THAT(quick.next_events(10 * events_of_an_enrollment), SizeIs(10 * events_of_an_enrollment));
  ASSERT_TRUE(backend.await("await_events", 1));
  enroll_students(1);
  EXPECT_THAT(quick.next_events(events_of_an_enrollment), SizeIs(events_of_an_enrollment));
  ASSERT_TRUE(backend.await("await_events", 2));
  EXPECT_THAT(slow.next_events(11 * events_of_an_enrollment), SizeIs(11 * events_of_an_enrollment));
}

TEST_F(EventStreams, GrowWhileTheyAreReadAndLoseNothing) {
  open_course();
  constexpr std::size_t students = 200, clients = 4;
  const auto at = port();
  std::vector<std::vector<std::string>> seen(clients);
  std::vector<std::thread> readers;
  for (std::size_t i = 0; i < clients; ++i)
    readers.emplace_back([&, i] {
      // Each comes back now and then, from where it was.
      std::string last = opened_;
      while (seen[i].size() < students * events_of_an_enrollment) {
        Follower follower{at, events(), {{"Last-Event-ID", last}}};
        const auto more = std::min(70 * (i + 1), students * events_of_an_enrollment - seen[i].size());
        const auto ids = ids_of(follower.next_events(more));
        if (ids.size() < more) return;
        seen[i].insert(seen[i].end(), ids.begin(), ids.end());
        last = ids.back();
      }
    });
  enroll_students(students);
  for (auto& reader : readers) reader.join();
  EXPECT_THAT(seen, Each(all_positions()));
}

TEST_F(EventStreams, GoOnAcrossStretchesThatHoldNoEvents) {
  open_course();
  Follower follower{port(), events()};
  follower.answer();
  backend.examine_at_most(1);
  backend.hide_events(true);
  enroll_students(3);
  backend.hide_events(false);
  enroll_students(1);
  backend.examine_at_most(2);
  EXPECT_THAT(follower.next_events(events_of_an_enrollment), SizeIs(events_of_an_enrollment));
  // A batch that found nothing leads on all the same.
  backend.hide_events(true);
  const auto answer = get(events());
  EXPECT_TRUE(answer.json().empty());
  EXPECT_THAT(answer.field("link"), testing::HasSubstr("after="));
}

TEST_F(EventStreams, EndWithAProblemWhereTheJournalCannotBeRead) {
  open_course();
  enroll_students(2);
  backend.damage_from(*parse_position(all_positions()[events_of_an_enrollment]));
  Follower follower{port(), events()};
  EXPECT_THAT(follower.next_events(events_of_an_enrollment), SizeIs(events_of_an_enrollment));
  const auto problem = follower.next();
  ASSERT_TRUE(problem);
  EXPECT_EQ(problem->event, "problem");
  EXPECT_EQ(problem->retry, "60000");
  EXPECT_EQ(nlohmann::json::parse(problem->data)["type"], "/problems/journal-damaged");
  EXPECT_FALSE(follower.next());
  EXPECT_TRUE(follower.ended_whole());
  const auto batch = get("/v1/events?after=" + all_positions_before_damage());
  EXPECT_EQ(batch.status, 500);
  EXPECT_EQ(batch.problem(), "journal-damaged");
}

TEST_F(EventStreams, NameABrokenPositionOnce) {
  const auto refused = get("/v1/events?after=%zz");
  EXPECT_EQ(refused.status, 422);
  EXPECT_EQ(refused.json()["errors"].size(), 1u) << refused.body;
}

TEST_F(EventStreams, IgnoreWhatTheirClientSends) {
  open_course();
  Follower follower{port(), events()};
  EXPECT_EQ(follower.next()->retry, "1000");
  follower.wire().send(render_request("GET", "/v1/courses"));
  enroll_students(1);
  EXPECT_THAT(follower.next_events(events_of_an_enrollment), SizeIs(events_of_an_enrollment));
  EXPECT_EQ(backend.count("list_courses"), 0u);
}

TEST_F(EventStreams, EndWholeWhenTheServerDrains) {
  open_course();
  enroll_students(1);
  Follower follower{port(), events()};
  EXPECT_THAT(follower.next_events(events_of_an_enrollment), SizeIs(events_of_an_enrollment));
  server().drain();
  EXPECT_TRUE(server().await_answered(std::chrono::seconds{5}));
  EXPECT_FALSE(follower.next());
  EXPECT_TRUE(follower.ended_whole());
  EXPECT_TRUE(follower.wire().at_end());
  EXPECT_EQ(server().stats().event_streams, 0u);
  EXPECT_EQ(get("/v1/events", {{"Accept", "text/event-stream"}}).problem(), "draining");
}

TEST_F(EventStreams, EndWithTheServer) {
  open_course();
  Follower follower{port(), events()};
  EXPECT_EQ(follower.next()->retry, "1000");
  ASSERT_TRUE(backend.await("await_events"));
  server().stop();
  EXPECT_FALSE(follower.next());
  // What the backend calls back later is dropped.
  backend.wake_followers();
  EXPECT_TRUE(follower.wire().at_end());
}

TEST(EventStreamsOfManyThreads, AllGetTheSameAndAllEnd) {
  ObservedBackend backend;
  ServerSettings settings;
  settings.threads = 3;
  Server server{api_site(backend), settings};
  server.start();
  std::vector<std::unique_ptr<Follower>> followers;
  for (int i = 0; i < 6; ++i) {
    followers.push_back(std::make_unique<Follower>(port_of(server.client_address()), "/v1/events"));
    EXPECT_EQ(followers.back()->next()->retry, "1000");
  }
  ASSERT_TRUE(backend.await("await_events", settings.threads));
  WireClient client{port_of(server.client_address())};
  client.send(render_request("POST", "/v1/courses", json_fields,
                             R"({"id":"c","kind":"performance","title":"Verse","capacity":10})"));
  ASSERT_EQ(client.read_answer()->status, 201);
  client.send(placement("c", "s"));
  ASSERT_EQ(client.read_answer()->status, 201);
  for (auto& follower : followers) {
    // The course's registration comes first.
    const auto events = follower->next_events(1 + events_of_an_enrollment);
    ASSERT_THAT(events, SizeIs(1 + events_of_an_enrollment));
  }
  server.drain();
  for (auto& follower : followers) {
    EXPECT_FALSE(follower->next());
    EXPECT_TRUE(follower->ended_whole());
  }
}

}  // namespace
}  // namespace sugang
