#include "http/server/framing_policy.hpp"

#include <gmock/gmock.h>

#include "tests/http/served.hpp"

namespace sugang {
namespace {

struct HostileCase {
  std::string name;
  std::string bytes;
};

const std::string body = R"({"courseId":"c","studentId":"smuggled"})";
const std::string head = "POST /v1/enrollments HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
const std::string sized = "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
const std::string chunks = "27\r\n" + body + "\r\n0\r\n\r\n";
const std::string chunked = "Transfer-Encoding: chunked\r\n\r\n" + chunks;

std::string without(std::string text, const std::string& part, const std::string& instead = "") {
  return text.replace(text.find(part), part.size(), instead);
}

std::vector<HostileCase> hostile_cases() {
  const auto length = std::to_string(body.size());
  return {
      {"LengthBesideCoding", head + "Content-Length: " + length + "\r\n" + chunked},
      {"CodingBesideLength", head + "Transfer-Encoding: chunked\r\n" + sized},
      {"CodingGzip", head + "Transfer-Encoding: gzip\r\n\r\n" + body},
      {"CodingIdentity", head + "Transfer-Encoding: identity\r\n" + sized},
      {"GzipBeforeChunked", head + "Transfer-Encoding: gzip, chunked\r\n\r\n" + chunks},
      {"ChunkedNotFinal", head + "Transfer-Encoding: chunked, gzip\r\n\r\n" + chunks},
      {"ChunkedTwice", head + "Transfer-Encoding: chunked, chunked\r\n\r\n" + chunks},
      {"ChunkedInTwoLines", head + "Transfer-Encoding: chunked\r\n" + chunked},
      {"CodingEmpty", head + "Transfer-Encoding:\r\n" + sized},
      {"LengthTwiceAlike", head + "Content-Length: " + length + "\r\n" + sized},
      {"LengthTwice", head + "Content-Length: 1\r\n" + sized},
      {"LengthListed", head + "Content-Length: " + length + ", " + length + "\r\n\r\n" + body},
      {"LengthSigned", head + "Content-Length: +" + length + "\r\n\r\n" + body},
      {"LengthNegative", head + "Content-Length: -1\r\n\r\n" + body},
      {"LengthHexadecimal", head + "Content-Length: 0x27\r\n\r\n" + body},
      {"LengthBeyond64Bits", head + "Content-Length: 18446744073709551617\r\n\r\n" + body},
      {"LengthEmpty", head + "Content-Length:\r\n\r\n" + body},
      {"FoldedLine", head + "X-Long: a\r\n b\r\n" + sized},
      {"FoldedLength", head + "Content-Length:\r\n " + length + "\r\n\r\n" + body},
      {"FoldedCoding", head + "Transfer-Encoding:\r\n\tchunked\r\n\r\n" + chunks},
      {"NoHost", without(head, "Host: x\r\n") + sized},
      {"TwoHosts", head + "Host: y\r\n" + sized},
      {"HostThatIsNone", without(head, "Host: x", "Host: x, y") + sized},
      {"ChunkedInHttp10", without(head, "HTTP/1.1", "HTTP/1.0") + chunked},
      {"ChunkExtensionOfKilobytes",
       head + "Transfer-Encoding: chunked\r\n\r\n27;" + std::string(8192, 'x') + "\r\n" + body + "\r\n0\r\n\r\n"},
      {"TrailerOfKilobytes", head + "Transfer-Encoding: chunked\r\n\r\n27\r\n" + body +
                                 "\r\n0\r\nX: " + std::string(8192, 'x') + "\r\n\r\n"},
      {"ChunkSizeThatIsNone", head + "Transfer-Encoding: chunked\r\n\r\nzz\r\n" + body + "\r\n0\r\n\r\n"},
      {"ChunkSizeBeyond64Bits",
       head + "Transfer-Encoding: chunked\r\n\r\n10000000000000027\r\n" + body + "\r\n0\r\n\r\n"},
      {"ChunkWithoutItsEnd", head + "Transfer-Encoding: chunked\r\n\r\n27\r\n" + body + "0\r\n\r\n"},
      {"BlankBeforeColon", head + "Content-Length : " + length + "\r\n\r\n" + body},
      {"BlankBeforeFirstField", without(head, "\r\nHost", "\r\n Host") + sized},
      {"FieldWithoutName", head + ": v\r\n" + sized},
      {"FieldWithoutColon", head + "Nonsense\r\n" + sized},
      {"NulInAField", head + std::string{"X: a\0b\r\n", 8} + sized},
      {"BareCarriageReturn", head + "X: a\rb\r\n" + sized},
      {"BareLineFeed", without(head, "\r\nHost", "\nHost") + sized},
      {"VersionThree", without(head, "HTTP/1.1", "HTTP/3.0") + sized},
      {"NoVersion", without(head, " HTTP/1.1") + sized},
      {"TwoBlanksInTheRequestLine", without(head, "POST ", "POST  ") + sized},
      {"TargetThatIsNotAscii", without(head, "enrollments", "enroll\xc3\xa9") + sized},
      {"RepeatedContentType", head + "Content-Type: text/csv\r\n" + sized},
      {"NotHttp", "\x16\x03\x01\x02 hello\r\n\r\n"},
  };
}

class HostileFraming : public Served, public testing::WithParamInterface<HostileCase> {};

TEST_P(HostileFraming, IsAnswered400AndNothingBehindItIsRead) {
  WireClient client{port()};
  client.send(GetParam().bytes + head + sized);
  const auto answers = client.read_to_end();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].status, 400) << answers[0].body;
  EXPECT_EQ(answers[0].problem(), "malformed");
  EXPECT_EQ(answers[0].field("connection"), "close");
  EXPECT_THAT(backend.calls(), testing::IsEmpty());
}

TEST_P(HostileFraming, IsRefusedByteByByteToo) {
  WireClient client{port()};
  for (char c : GetParam().bytes) client.send({&c, 1});
  const auto answers = client.read_to_end();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].status, 400) << answers[0].body;
  EXPECT_THAT(backend.calls(), testing::IsEmpty());
}

TEST_P(HostileFraming, BehindAGoodRequestIsRefusedAlike) {
  WireClient client{port()};
  client.send(render_request("GET", "/v1/courses") + GetParam().bytes + head + sized);
  const auto answers = client.read_to_end();
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(answers[0].status, 200);
  EXPECT_EQ(answers[1].status, 400);
  EXPECT_THAT(backend.calls(), testing::ElementsAre("list_courses"));
}

INSTANTIATE_TEST_SUITE_P(Http, HostileFraming, testing::ValuesIn(hostile_cases()),
                         [](const auto& hostile) { return hostile.param.name; });

TEST_F(Served, TheManagementPortIsAsStrict) {
  WireClient client{management()};
  client.send(
      "PUT /v1/admin/gateway HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 13\r\n"
      "Content-Length: 13\r\n\r\n{\"hang\":true}");
  const auto answers = client.read_to_end();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].status, 400);
  EXPECT_FALSE(backend.gateway_settings().hang);
}

TEST_F(Served, GoodChunksAreReadWhateverTheirSizes) {
  register_course("c");
  WireClient client{port()};
  client.send(head + "Transfer-Encoding: Chunked\r\n\r\n7;a=b\r\n" + body.substr(0, 7) + "\r\n");
  client.send("20\r\n" + body.substr(7) + "\r\n0\r\nX-Trailer: t\r\n\r\n");
  const auto answer = client.read_answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 201) << answer->body;
  EXPECT_EQ(backend.last_command_as<PlaceEnrollment>().student.text, "smuggled");
}

TEST_F(Served, FieldsInATrailerMeanNothing) {
  register_course("c");
  WireClient client{port()};
  client.send(head + "Transfer-Encoding: chunked\r\n\r\n27\r\n" + body + "\r\n0\r\nIdempotency-Key: k\r\n\r\n");
  ASSERT_EQ(client.read_answer()->status, 201);
  EXPECT_EQ(backend.count("find_request"), 0u);
}

TEST_F(Served, Http10IsAnsweredAndClosedUnlessItAsksToStay) {
  WireClient once{port()};
  once.send("GET / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(once.read_to_end().size(), 1u);
  WireClient stays{port()};
  stays.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(stays.read_answer()->field("connection"), "keep-alive");
  stays.send("GET / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(stays.read_to_end().size(), 1u);
}

TEST_F(Served, AnAbsoluteTargetMeansItsPath) {
  WireClient client{port()};
  for (const auto* target : {"http://elsewhere/v1/courses?limit=1", "http://elsewhere", "http://elsewhere?x=1"}) {
    client.send("GET " + std::string{target} + " HTTP/1.1\r\nHost: elsewhere\r\n\r\n");
    EXPECT_EQ(client.read_answer()->status, 200) << target;
  }
  client.send("GET ?x=1 HTTP/1.1\r\nHost: elsewhere\r\n\r\n");
  EXPECT_EQ(client.read_answer()->problem(), "malformed");
}

}  // namespace
}  // namespace sugang
