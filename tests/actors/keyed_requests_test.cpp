#include "actors/keyed_requests.hpp"

#include <gmock/gmock.h>

#include "tests/simulation/world.hpp"

namespace sugang {
namespace {

using Kind = EarlierRequest::Kind;

const RequestKey key{RequestId{Uid{1, 2}}, Uid{3, 4}};

struct KeyedRequest : testing::Test {
  Durables durables;
  Life life{durables};
  KeyedRequests keys{life.journal(), [](const std::function<void()>& read) { read(); }};

  void SetUp() override {
    life.register_course("lecture-1", lecture(2, 0));
    life.settle();
  }
  /// What a request with the key is to do now.
  Kind ask() {
    auto reported = std::make_shared<std::optional<Kind>>();
    keys.find(key, [reported](const EarlierRequest& earlier) { *reported = earlier.kind; });
    EXPECT_TRUE(*reported);
    return reported->value_or(Kind::in_progress);
  }
  /// An caller with the key. `delivered` counts answers.
  Caller caller(std::function<Answer(const Outcome&)> render) {
    Caller caller;
    caller.key = key;
    caller.render = std::move(render);
    caller.deliver = [this](const Answer&) { ++delivered; };
    return keys.releasing(std::move(caller));
  }
  Caller faulty() {
    return caller([](const Outcome&) -> Answer { throw std::runtime_error{"a fault"}; });
  }
  Caller prompt() {
    return caller([](const Outcome&) { return Answer{.status = 201, .body = "whole", .etag = "\"7\""}; });
  }
  PlaceEnrollment placement() const { return {.course = CourseId{"lecture-1"}, .student = StudentId{"s"}}; }
  void settle() {
    life.settle_with_company();
    EXPECT_FALSE(life.failure()) << *life.failure();
  }

  int delivered = 0;
};

TEST_F(KeyedRequest, AreCarriedOutOneAtATimeAndThenAnsweredFromTheJournal) {
  EXPECT_EQ(ask(), Kind::none);
  EXPECT_EQ(ask(), Kind::in_progress);
  life.place(placement(), prompt());
  settle();
  EXPECT_EQ(delivered, 1);
  EXPECT_EQ(ask(), Kind::answered);
}

TEST_F(KeyedRequest, AreAnsweredAgainWithTagAndPosition) {
  EXPECT_EQ(ask(), Kind::none);
  life.place(placement(), prompt());
  settle();
  Answer answer;
  keys.find(key, [&](const EarlierRequest& earlier) { answer = earlier.answer; });
  EXPECT_EQ(answer.etag, "\"7\"");
  EXPECT_EQ(answer.position, life.journal().history(key.id).back().position);
}

TEST_F(KeyedRequest, GiveTheirKeyBackWhenTheTurnThatAnswersThrows) {
  EXPECT_EQ(ask(), Kind::none);
  life.place(placement(), faulty());
  settle();
  EXPECT_THAT(life.reports, testing::SizeIs(1));
  EXPECT_EQ(delivered, 0);
  // The enrollment was begun: the repeat joins it.
  EXPECT_EQ(ask(), Kind::joined);
}

TEST_F(KeyedRequest, GiveTheirKeyBackWhenTheCourseFaultsBeforeTheEnrollmentBegins) {
  EXPECT_EQ(ask(), Kind::none);
  ASSERT_TRUE(life.describe("lecture-1"));
  life.fail_next_mint();
  life.place_as(EnrollmentId{make_uid(durables.timers.now(), {}, 1, 0)}, placement(), prompt());
  settle();
  EXPECT_EQ(delivered, 0);
  EXPECT_THAT(life.reports, testing::Contains(testing::HasSubstr("no more ids")));
  EXPECT_EQ(ask(), Kind::none);
  life.place(placement(), prompt());
  settle();
  EXPECT_EQ(delivered, 1);
  EXPECT_EQ(life.describe("lecture-1")->taken, 1u);
  life.sweep();
}

TEST_F(KeyedRequest, GiveTheirKeyBackWhenARegistrationFaultsAndTheNextIsRegistered) {
  EXPECT_EQ(ask(), Kind::none);
  life.register_course("lecture-2", lecture(2), faulty());
  settle();
  EXPECT_EQ(delivered, 0);
  EXPECT_EQ(ask(), Kind::none);
  life.register_course("lecture-2", lecture(2), prompt());
  settle();
  EXPECT_EQ(delivered, 1);
  EXPECT_TRUE(life.describe("lecture-2"));
}

TEST_F(KeyedRequest, GiveTheirKeyBackWhenTheirCallerIsDropped) {
  EXPECT_EQ(ask(), Kind::none);
  std::optional<Caller> caller = prompt();
  EXPECT_EQ(ask(), Kind::in_progress);
  caller.reset();
  EXPECT_EQ(ask(), Kind::none);
}

TEST_F(KeyedRequest, MayEndBehindWhatKeptTheirKeys) {
  auto kept = std::make_unique<KeyedRequests>(life.journal(), [](const std::function<void()>&) {});
  Caller last;
  last.key = key;
  last = kept->releasing(std::move(last));
  kept.reset();
}

}  // namespace
}  // namespace sugang
