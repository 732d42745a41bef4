#include "domain/time.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstdio>

namespace sugang {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

const TimePoint first_printable = TimePoint{std::chrono::sys_days{std::chrono::year{0} / 1 / 1}};
const TimePoint last_printable =
    TimePoint{std::chrono::sys_days{std::chrono::year{9999} / 12 / 31}} + hours{24} - Milliseconds{1};

TimePoint any_printable_time() {
  return TimePoint{Milliseconds{*rc::gen::inRange<std::int64_t>(first_printable.time_since_epoch().count(),
                                                                last_printable.time_since_epoch().count() + 1)}};
}

RC_GTEST_PROP(Time, PrintedReadsBackAsTheSameTime, ()) {
  const auto time = any_printable_time();
  RC_ASSERT(parse_time(to_text(time)) == time);
}

RC_GTEST_PROP(Time, TextSortsAsTimeDoes, ()) {
  const auto one = any_printable_time(), other = any_printable_time();
  RC_ASSERT((one < other) == (to_text(one) < to_text(other)));
}

RC_GTEST_PROP(Time, AnOffsetNamesTheSameInstant, ()) {
  // Away from the ends, where the local time would need a fifth digit of the year.
  const auto time = std::clamp(any_printable_time(), first_printable + hours{24}, last_printable - hours{24});
  const auto offset = minutes{*rc::gen::inRange(-23 * 60 - 59, 24 * 60)};
  auto local = to_text(time + offset);
  local.pop_back();
  char suffix[16];
  const auto distance = std::abs(static_cast<int>(offset.count()));
  std::snprintf(suffix, sizeof suffix, "%c%02d:%02d", offset.count() < 0 ? '-' : '+', distance / 60, distance % 60);
  RC_ASSERT(parse_time(local + suffix) == time);
}

RC_GTEST_PROP(Time, AnyFractionIsCutToMilliseconds, ()) {
  const auto fraction = *rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::inRange('0', char('9' + 1))));
  const auto time = parse_time("2026-03-02T10:00:00." + fraction + "Z");
  RC_ASSERT(time.has_value());
  const auto padded = (fraction + "00").substr(0, 3);
  RC_ASSERT(to_text(*time) == "2026-03-02T10:00:00." + padded + "Z");
}

RC_GTEST_PROP(Time, ParsingSurvivesAnyBytes, (const std::string& text)) { parse_time(text); }

RC_GTEST_PROP(Time, OneCharacterWrongNeverGivesAnUnprintableTime, ()) {
  std::string text = "2026-03-02T10:00:00.000+09:00";
  text[*rc::gen::inRange<std::size_t>(0, text.size())] = *rc::gen::character<char>();
  if (const auto time = parse_time(text)) RC_ASSERT(parse_time(to_text(*time)) == time);
}

TEST(Time, IsPrintedInUtcWithMilliseconds) {
  EXPECT_EQ(to_text(TimePoint{}), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(to_text(TimePoint{Milliseconds{-1}}), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(to_text(TimePoint{Milliseconds{1'772'445'600'007}}), "2026-03-02T10:00:00.007Z");
  EXPECT_EQ(to_text(last_printable), "9999-12-31T23:59:59.999Z");
}

TEST(Time, IsReadInTheFormsThatRfc3339Allows) {
  const auto ten = parse_time("2026-03-02T10:00:00.000Z");
  ASSERT_TRUE(ten);
  EXPECT_EQ(parse_time("2026-03-02T10:00:00Z"), ten);
  EXPECT_EQ(parse_time("2026-03-02t10:00:00z"), ten);
  EXPECT_EQ(parse_time("2026-03-02 10:00:00Z"), ten);
  EXPECT_EQ(parse_time("2026-03-02T10:00:00.0Z"), ten);
  EXPECT_EQ(parse_time("2026-03-02T10:00:00+00:00"), ten);
  EXPECT_EQ(parse_time("2026-03-02T10:00:00-00:00"), ten);
  EXPECT_EQ(parse_time("2026-03-02T19:00:00+09:00"), ten);
  EXPECT_EQ(parse_time("2026-03-03T09:59:00+23:59"), ten);
  EXPECT_EQ(parse_time("2026-03-02T06:30:00-03:30"), ten);
}

TEST(Time, KnowsLeapYearsAndLeapSeconds) {
  EXPECT_TRUE(parse_time("2028-02-29T00:00:00Z"));
  EXPECT_TRUE(parse_time("2000-02-29T00:00:00Z"));
  EXPECT_FALSE(parse_time("2026-02-29T00:00:00Z"));
  EXPECT_FALSE(parse_time("2100-02-29T00:00:00Z"));
  // Unix time has no leap second: it is the first second of the next minute.
  EXPECT_EQ(parse_time("2016-12-31T23:59:60Z"), parse_time("2017-01-01T00:00:00Z"));
}

// RFC 3339 has four digits for the year: what could not be reported again is no time.
TEST(Time, ThatNeedsAFifthDigitOrASignOfTheYearIsRefused) {
  EXPECT_EQ(parse_time("9999-12-31T23:59:59.999-00:01"), std::nullopt);
  EXPECT_EQ(parse_time("9999-12-31T23:59:60Z"), std::nullopt);
  EXPECT_EQ(parse_time("0000-01-01T00:00:00+00:01"), std::nullopt);
}

class NotATime : public testing::TestWithParam<const char*> {};

TEST_P(NotATime, IsRefused) { EXPECT_EQ(parse_time(GetParam()), std::nullopt) << GetParam(); }

INSTANTIATE_TEST_SUITE_P(
    Time, NotATime,
    testing::Values("", "Z", "now", "2026", "2026-03-02", "10:00:00Z", "1772445600",
                    // No such day, hour, minute, second, offset.
                    "2026-02-30T10:00:00Z", "2026-04-31T10:00:00Z", "2026-00-01T10:00:00Z", "2026-13-01T10:00:00Z",
                    "2026-03-00T10:00:00Z", "2026-03-32T10:00:00Z", "2026-03-02T24:00:00Z", "2026-03-02T10:60:00Z",
                    "2026-03-02T10:00:61Z", "2026-03-02T10:00:00+24:00", "2026-03-02T10:00:00+09:60",
                    // Without an offset the time is unknown.
                    "2026-03-02T10:00:00", "2026-03-02T10:00:00.000", "2026-03-02T10:00:00.Z",
                    "2026-03-02T10:00:00,5Z", "2026-03-02T10:00Z", "2026-03-02T10Z", "2026-03-02T10:00:00+0900",
                    "2026-03-02T10:00:00+09", "2026-03-02T10:00:00+9:00", "2026-03-02T10:00:00 Z",
                    "2026-03-02T10:00:00ZZ", "2026-03-02T10:00:00Z ", " 2026-03-02T10:00:00Z",
                    "2026-03-02T10:00:00UTC",
                    // Other spellings.
                    "2026-3-2T10:00:00Z", "26-03-02T10:00:00Z", "12026-03-02T10:00:00Z", "+2026-03-02T10:00:00Z",
                    "-2026-03-02T10:00:00Z", "20260302T100000Z", "2026/03/02T10:00:00Z", "2026-03-02_10:00:00Z",
                    "2026-03-02T1a:00:00Z", "2026-03-02T-1:00:00Z", "2026-W10-1T10:00:00Z"));

TEST(Time, WithABinaryZeroInsideIsRefused) {
  EXPECT_FALSE(parse_time(std::string_view{"2026-03-02T10:00:00Z\0", 21}));
  EXPECT_FALSE(parse_time(std::string_view{"2026-03-02T10:00:00\0Z", 21}));
}

}  // namespace
}  // namespace sugang
