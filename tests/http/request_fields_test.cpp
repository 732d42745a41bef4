#include "http/server/request_fields.hpp"

#include <gtest/gtest.h>

#include <array>

namespace sugang {
namespace {

using std::chrono::seconds;

TEST(PreferField, WaitIsCutToTheLongest) {
  EXPECT_EQ(parse_prefer("wait=10").effective_wait(), seconds{10});
  EXPECT_EQ(parse_prefer("wait=31").effective_wait(), wait_max);
  EXPECT_EQ(parse_prefer("wait=99999999999999999999").effective_wait(), wait_max);
}

TEST(PreferField, RespondAsyncMeansNotAtAllUnlessAWaitIsGiven) {
  EXPECT_EQ(parse_prefer("respond-async").effective_wait(), seconds{0});
  EXPECT_EQ(parse_prefer("respond-async, wait=3").effective_wait(), seconds{3});
  EXPECT_EQ(parse_prefer("respond-async, wait=3").applied(), "respond-async, wait=3");
}

TEST(PreferField, IsReadAsRfc7240WritesIt) {
  EXPECT_EQ(parse_prefer("return=minimal; foo=\"a,b\", WAIT = \"7\" ; x=y").effective_wait(), seconds{7});
  EXPECT_EQ(parse_prefer("wait=1, wait=2").effective_wait(), seconds{1});
}

TEST(PreferField, WhatIsNotUnderstoodIsIgnored) {
  for (auto field : {"", "wait", "wait=", "wait=x", "wait=-1", "wait=1.5", "=", ";;,,", "\"", "\\"}) {
    EXPECT_FALSE(parse_prefer(field).effective_wait()) << field;
    EXPECT_EQ(parse_prefer(field).applied(), "") << field;
  }
}

TEST(Traceparent, IsReadAndWrittenAlike) {
  const std::string text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  EXPECT_EQ(traceparent_text(parse_traceparent(text)), text);
  EXPECT_TRUE(parse_traceparent("cc" + text.substr(2) + "-what-comes-later").present());
}

TEST(Traceparent, AnythingElseStartsNoTrace) {
  for (auto field : {"", "00", "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                     "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                     "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                     "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                     "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
                     "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.more"})
    EXPECT_FALSE(parse_traceparent(field).present()) << field;
}

TEST(IfMatch, ComparesVersionsAndNoWeakTag) {
  EXPECT_TRUE(parse_if_match("*", TagOf::course)->any);
  const std::vector<std::uint64_t> none, three{3}, four{4}, seven{7};
  EXPECT_EQ(parse_if_match("\"3.17\"", TagOf::course)->versions, three);
  EXPECT_EQ(parse_if_match("W/\"3.17\", \"4.1\" , \"foreign\", \"x.y\", \"9\"", TagOf::course)->versions, four);
  EXPECT_EQ(parse_if_match("W/\"3\", \"7\", \"4.1\", \"foreign\"", TagOf::enrollment)->versions, seven);
  EXPECT_EQ(parse_if_match("\"4.1\"", TagOf::enrollment)->versions, none);
  for (auto field : {"", "3.17", "\"3.17", "\"1.1\" \"2.2\"", ",", "**"})
    EXPECT_FALSE(parse_if_match(field, TagOf::course)) << field;
}

TEST(IfNoneMatch, ComparesWeakly) {
  EXPECT_TRUE(if_none_match_hits("\"7\"", "\"7\""));
  EXPECT_TRUE(if_none_match_hits("\"6\", W/\"7\"", "\"7\""));
  EXPECT_TRUE(if_none_match_hits("*", "\"7\""));
  EXPECT_FALSE(if_none_match_hits("\"8\"", "\"7\""));
  EXPECT_FALSE(if_none_match_hits("7", "\"7\""));
}

TEST(PositionText, LeadsBackToThePosition) {
  for (Position position : {Position{0}, Position{1}, Position{31}, Position{1'000'000'007}, ~Position{0}})
    EXPECT_EQ(parse_position(position_text(position)), position);
  for (auto text : {"", "p", "7", "p-1", "pzz", "p1 ", "pvvvvvvvvvvvvvvvvvvv"})
    EXPECT_FALSE(parse_position(text)) << text;
}

TEST(ContentType, IsJsonOrCsvInUtf8) {
  EXPECT_EQ(parse_content_type("application/json"), MediaType::json);
  EXPECT_EQ(parse_content_type("Application/JSON ; charset=\"UTF-8\""), MediaType::json);
  EXPECT_EQ(parse_content_type("text/csv;header=present"), MediaType::csv);
  EXPECT_EQ(parse_content_type("application/merge-patch+json"), MediaType::merge_patch);
  EXPECT_EQ(parse_content_type("application/json; charset=latin1"), MediaType::other);
  EXPECT_EQ(parse_content_type("text/plain"), MediaType::other);
  EXPECT_EQ(parse_content_type(""), MediaType::none);
}

TEST(AcceptField, ChoosesByWeightThenByName) {
  constexpr std::array<std::string_view, 2> offered{"application/json", "text/event-stream"};
  const auto wants = [&](std::string_view field) { return best_offer(field, offered); };
  for (const auto* field : {"", "*/*", "application/json", "text/html", "text/*;q=0", "text/event-stream;q=0",
                            "text/event-stream, application/json", "text/event-stream;q=0.4, */*;q=0.5",
                            "text/event-streams", "text", "text/", "*", "text/event-stream;Q=0.001, */*;q=0.01"})
    EXPECT_EQ(wants(field), "application/json") << field;
  for (const auto* field :
       {"text/event-stream", "Text/Event-Stream", "text/*", "text/event-stream, */*", " text/event-stream ;q=1.0",
        "application/json;q=0.999, text/event-stream", "*/*;q=0.1, text/event-stream;q=0.2",
        "application/*;q=0.5, text/event-stream;charset=utf-8;q=0.6", "*/*, application/json;q=0"})
    EXPECT_EQ(wants(field), "text/event-stream") << field;
}

TEST(AcceptField, AWeightCountsBeforeThePlaceInTheList) {
  constexpr std::array<std::string_view, 3> offered{"application/a+json", "application/json", "text/event-stream"};
  const auto wants = [&](std::string_view field) { return best_offer(field, offered); };
  EXPECT_EQ(wants("application/json, text/event-stream;q=0.1"), "application/json");
  EXPECT_EQ(wants("text/event-stream;q=0.1, application/json"), "application/json");
  EXPECT_EQ(wants("application/json;q=0.1, text/event-stream;q=0.5"), "text/event-stream");
  EXPECT_EQ(wants("text/event-stream;q=0.1"), "text/event-stream");
}

TEST(IdempotencyKeyField, IsPrintableAsciiOfBoundedLength) {
  EXPECT_TRUE(is_valid_idempotency_key("a b~"));
  EXPECT_TRUE(is_valid_idempotency_key(std::string(255, 'k')));
  for (const auto& key : {std::string{}, std::string(256, 'k'), std::string{"a\tb"}, std::string{"\xc3\xa9"}})
    EXPECT_FALSE(is_valid_idempotency_key(key)) << key;
}

}  // namespace
}  // namespace sugang
