#include "domain/ids.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>
#include <type_traits>
#include <unordered_set>

#include "domain/record.hpp"

namespace sugang {
namespace {

Uid any_uid() { return {*rc::gen::arbitrary<std::uint64_t>(), *rc::gen::arbitrary<std::uint64_t>()}; }

/// Until the year 10889 a UUIDv7 has room for.
constexpr std::int64_t id_millis_max = (std::int64_t{1} << 48) - 1;

TimePoint any_id_time() { return TimePoint{Milliseconds{*rc::gen::inRange<std::int64_t>(0, id_millis_max)}}; }

Uid any_minted_at(TimePoint time) {
  return make_uid(time, Partition{*rc::gen::inRange<std::uint16_t>(0, partition_count)},
                  *rc::gen::arbitrary<std::uint64_t>(), *rc::gen::arbitrary<std::uint8_t>());
}

RC_GTEST_PROP(Uid, TextReadsBackAsTheSameId, ()) {
  const auto uid = any_uid();
  RC_ASSERT(parse_uid(to_text(uid)) == uid);
}

RC_GTEST_PROP(Uid, TextSortsAsTheIdDoes, ()) {
  const auto one = any_uid(), other = any_uid();
  RC_ASSERT((one < other) == (to_text(one) < to_text(other)));
}

RC_GTEST_PROP(Uid, TextIs26CharactersWithoutTheEasilyMistaken, ()) {
  const auto text = to_text(any_uid());
  RC_ASSERT(text.size() == 26u);
  RC_ASSERT(text.find_first_not_of("0123456789abcdefghjkmnpqrstvwxyz") == std::string::npos);
}

RC_GTEST_PROP(Uid, OfALaterMillisecondSortsLater, ()) {
  const auto earlier = any_id_time();
  const auto later = earlier + Milliseconds{*rc::gen::inRange<std::int64_t>(1, 1'000'000'000)};
  RC_PRE(later.time_since_epoch().count() <= id_millis_max);
  const auto one = any_minted_at(earlier), other = any_minted_at(later);
  RC_ASSERT(one < other);
  RC_ASSERT(to_text(one) < to_text(other));
}

RC_GTEST_PROP(Uid, CarriesItsTimeAndPartition, ()) {
  const auto time = any_id_time();
  const Partition partition{*rc::gen::inRange<std::uint16_t>(0, partition_count)};
  const auto uid =
      make_uid(time, partition, *rc::gen::arbitrary<std::uint64_t>(), *rc::gen::arbitrary<std::uint8_t>());
  RC_ASSERT(uid.time() == time);
  RC_ASSERT(uid.partition() == partition);
}

RC_GTEST_PROP(Uid, HasTheVersionAndVariantBitsOfAUuid7, ()) {
  const auto uid = any_minted_at(any_id_time());
  RC_ASSERT(((uid.high >> 12) & 0xf) == 7u);
  RC_ASSERT(uid.low >> 62 == 2u);
  const auto text = to_uuid_text(uid);
  RC_ASSERT(text.size() == 36u);
  RC_ASSERT(text[14] == '7');
  RC_ASSERT(std::string_view{"89ab"}.find(text[19]) != std::string_view::npos);
  for (std::size_t dash : {8, 13, 18, 23}) RC_ASSERT(text[dash] == '-');
}

TEST(Uid, IsWrittenAsRfc9562WritesIt) {
  EXPECT_EQ(to_uuid_text({0x017F22E279B07CC3ULL, 0x98C4DC0C0C07398FULL}), "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
  EXPECT_EQ(to_uuid_text({}), "00000000-0000-0000-0000-000000000000");
}

TEST(Uid, OfTheRfc9562ExampleHasItsTime) {
  const Uid example{0x017F22E279B07CC3ULL, 0x98C4DC0C0C07398FULL};
  EXPECT_EQ(to_text(example.time()), "2022-02-22T19:22:22.000Z");
}

TEST(Uid, LowestAndHighestHaveFixedTexts) {
  EXPECT_EQ(to_text(Uid{}), "00000000000000000000000000");
  EXPECT_EQ(to_text(Uid{~0ULL, ~0ULL}), "7zzzzzzzzzzzzzzzzzzzzzzzzz");
  EXPECT_EQ(to_text(Uid{0, 31}), "0000000000000000000000000z");
  EXPECT_EQ(to_text(Uid{0, 32}), "00000000000000000000000010");
}

TEST(Uid, MintedFromTheSameTimeAndRandomnessIsTheSame) {
  const TimePoint time{Milliseconds{1'772'000'000'000}};
  EXPECT_EQ(make_uid(time, Partition{3}, 99, 1), make_uid(time, Partition{3}, 99, 1));
  EXPECT_NE(make_uid(time, Partition{3}, 99, 1), make_uid(time, Partition{3}, 99, 2));
  EXPECT_NE(make_uid(time, Partition{3}, 96, 1), make_uid(time, Partition{3}, 100, 1));
}

TEST(Uid, RandomnessNeverReachesTimeOrPartition) {
  const TimePoint time{Milliseconds{1'772'000'000'000}};
  const auto uid = make_uid(time, Partition{0}, ~0ULL, 0xff);
  EXPECT_EQ(uid.time(), time);
  EXPECT_EQ(uid.partition(), Partition{0});
}

TEST(ParseUid, RefusesWhatIsNotAnId) {
  const std::string good = to_text(Uid{0x017F22E279B07CC3ULL, 0x98C4DC0C0C07398FULL});
  ASSERT_TRUE(parse_uid(good));
  EXPECT_FALSE(parse_uid(""));
  EXPECT_FALSE(parse_uid(good.substr(1)));
  EXPECT_FALSE(parse_uid(good + "0"));
  EXPECT_FALSE(parse_uid(" " + good.substr(1)));
  EXPECT_FALSE(parse_uid(std::string(26, '\0')));
  EXPECT_FALSE(parse_uid(std::string(26, '\xff')));
  // 130 bits are two more than an id has.
  EXPECT_FALSE(parse_uid("80000000000000000000000000"));
  EXPECT_FALSE(parse_uid("zzzzzzzzzzzzzzzzzzzzzzzzzz"));
}

TEST(ParseUid, RefusesEveryCharacterOutsideTheAlphabetAtEveryPlace) {
  constexpr std::string_view alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
  for (std::size_t place = 0; place < 26; ++place)
    for (int character = 0; character < 256; ++character) {
      std::string text(26, '0');
      text[place] = static_cast<char>(character);
      const auto digit = alphabet.find(static_cast<char>(character));
      const bool fits = digit != std::string_view::npos && (place != 0 || digit < 8);
      ASSERT_EQ(parse_uid(text).has_value(), fits) << "character " << character << " at " << place;
    }
}

RC_GTEST_PROP(ParseUid, AcceptsOnlyTheOneTextOfAnId, ()) {
  auto text = to_text(any_uid());
  const auto place = *rc::gen::inRange<std::size_t>(0, text.size());
  text[place] = *rc::gen::arbitrary<char>();
  if (const auto uid = parse_uid(text)) RC_ASSERT(to_text(*uid) == text);
}

RC_GTEST_PROP(ParseUid, SurvivesAnyBytes, (const std::string& text)) {
  if (const auto uid = parse_uid(text)) RC_ASSERT(to_text(*uid) == text);
}

RC_GTEST_PROP(ServerId, ReadsBackOnlyAsItsOwnKind, ()) {
  const EnrollmentId id{any_uid()};
  const auto text = to_text(id);
  RC_ASSERT(parse_id<EnrollmentTag>(text) == id);
  RC_ASSERT(!parse_id<PaymentTag>(text));
  RC_ASSERT(!parse_id<SagaTag>(text));
  RC_ASSERT(!parse_id<EventTag>(text));
  RC_ASSERT(!parse_id<RequestTag>(text));
}

TEST(ServerId, NeedsItsPrefixOnceAndExactly) {
  const auto bare = to_text(Uid{1, 2});
  EXPECT_TRUE(parse_id<EnrollmentTag>("enr_" + bare));
  EXPECT_FALSE(parse_id<EnrollmentTag>(bare));
  EXPECT_FALSE(parse_id<EnrollmentTag>("enr_"));
  EXPECT_FALSE(parse_id<EnrollmentTag>(""));
  EXPECT_FALSE(parse_id<EnrollmentTag>("ENR_" + bare));
  EXPECT_FALSE(parse_id<EnrollmentTag>("enr_enr_" + bare));
  EXPECT_FALSE(parse_id<EnrollmentTag>("enr-" + bare));
  EXPECT_FALSE(parse_id<EnrollmentTag>(" enr_" + bare));
}

TEST(ServerId, OfOneAggregateIsNeverTakenForAnothers) {
  static_assert(!std::is_convertible_v<PaymentId, EnrollmentId>);
  static_assert(!std::is_convertible_v<EnrollmentId, SagaId>);
  static_assert(!std::is_convertible_v<StudentId, CourseId>);
  static_assert(!std::is_convertible_v<InstructorId, StudentId>);
}

RC_GTEST_PROP(ServerId, OfAnEnrollmentItsPaymentAndItsSagaNameEachOther, ()) {
  const EnrollmentId id{any_uid()};
  RC_ASSERT(enrollment_of(payment_of(id)) == id);
  RC_ASSERT(to_text(payment_of(id)) != to_text(saga_of(id)));
  // The same partition, so that one place wakes all three.
  RC_ASSERT(AggregateId{payment_of(id)}.partition() == AggregateId{id}.partition());
  RC_ASSERT(AggregateId{saga_of(id)}.partition() == AggregateId{id}.partition());
  RC_ASSERT(AggregateId{payment_of(id)} != AggregateId{id});
}

TEST(AggregateIdText, IsTheIdAsClientsSeeIt) {
  const EnrollmentId id{Uid{1, 2}};
  EXPECT_EQ(to_text(AggregateId{CourseId{"lecture-1"}}), "lecture-1");
  EXPECT_EQ(to_text(AggregateId{id}), to_text(id));
  EXPECT_EQ(to_text(AggregateId{payment_of(id)}), to_text(payment_of(id)));
  EXPECT_EQ(to_text(AggregateId{saga_of(id)}), to_text(saga_of(id)));
  EXPECT_EQ(to_text(AggregateId{RequestId{id.uid}}), to_text(RequestId{id.uid}));
}

TEST(AggregateIdHash, KeepsTheAggregatesOfOneEnrollmentApart) {
  const EnrollmentId id{Uid{1, 2}};
  const std::hash<AggregateId> hash;
  EXPECT_EQ((std::set{hash(id), hash(payment_of(id)), hash(saga_of(id)), hash(RequestId{id.uid})}.size()), 4u);
}

TEST(UidHash, SpreadsIdsThatCountUp) {
  std::unordered_set<std::size_t> low_bits;
  for (std::uint64_t n = 0; n < 4096; ++n)
    low_bits.insert(std::hash<Uid>{}(make_uid(TimePoint{Milliseconds{1}}, {}, n << 2, 0)) % 4096);
  EXPECT_GT(low_bits.size(), 2000u);
}

TEST(ChosenName, IsOneTo64LettersDigitsDotsDashesAndUnderscores) {
  EXPECT_TRUE(is_valid_name("a"));
  EXPECT_TRUE(is_valid_name("CSE101-01.fall_2026"));
  EXPECT_TRUE(is_valid_name(std::string(64, 'x')));
  EXPECT_FALSE(is_valid_name(""));
  EXPECT_FALSE(is_valid_name("."));
  EXPECT_FALSE(is_valid_name(".."));
  EXPECT_TRUE(is_valid_name("..."));
  EXPECT_TRUE(is_valid_name(".a"));
  EXPECT_FALSE(is_valid_name(std::string(65, 'x')));
  constexpr std::string_view allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
  for (int character = 0; character < 256; ++character) {
    const std::string text{'a', static_cast<char>(character)};
    ASSERT_EQ(is_valid_name(text), allowed.find(static_cast<char>(character)) != std::string_view::npos)
        << character;
  }
}

}  // namespace
}  // namespace sugang
