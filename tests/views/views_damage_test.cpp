#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "random_history.hpp"
#include "reading.hpp"
#include "replay.hpp"
#include "replay_check.hpp"
#include "storage/journal.hpp"
#include "storage/memory_store.hpp"
#include "views/row_keys.hpp"

namespace sugang {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ViewsDamage : public ::testing::Test {
 protected:
  void watch(Views& views) {
    views.on_fault([this](std::string_view what) { faults_.emplace_back(what); });
  }
  static void catch_up(Views& views) {
    for (int passes = 0; views.run_once(); ++passes) ASSERT_LT(passes, 100'000) << "it never rests";
  }
  /// No row of the view can be read.
  void spoil_rows(ViewId view) {
    std::vector<std::string> rows;
    const auto prefix = static_cast<char>(view);
    store_.scan(views_space, std::string(1, prefix), std::string(1, static_cast<char>(prefix + 1)),
                [&](std::string_view key, std::string_view) { return rows.emplace_back(key), true; });
    ASSERT_FALSE(rows.empty());
    for (const auto& row : rows) store_.spoil(views_space, row);
  }

  const RandomHistory history_{11};
  Position end_ = history_.end();
  MemoryStore store_{views_space_count};
  std::vector<std::string> faults_;
};

TEST_F(ViewsDamage, OfRowsThatAReaderMeetsIsMendedByARebuild) {
  auto views = make_views(history_.source(&end_), store_, small_chunks(10));
  watch(views);
  catch_up(views);
  spoil_rows(ViewId::enrollments);
  EXPECT_EQ(views.list_enrollments({}, {}).error, ServiceError::view_damaged);
  EXPECT_EQ(views.list_enrollments({}, {}).error, ServiceError::view_damaged);
  EXPECT_FALSE(views.list_courses({}, {}).error);
  ASSERT_THAT(faults_, SizeIs(1));
  catch_up(views);
  expect_a_replay(views, history_);
}

TEST_F(ViewsDamage, OfRowsThatAFoldMeetsHoldsUpThatViewAloneUntilItIsRebuilt) {
  end_ = history_.end() / 2;
  {
    auto views = make_views(history_.source(&end_), store_, small_chunks(10));
    watch(views);
    catch_up(views);
  }
  spoil_rows(ViewId::enrollments);
  auto views = make_views(history_.source(&end_), store_, small_chunks(10));
  watch(views);
  end_ = history_.end();
  catch_up(views);
  EXPECT_EQ(views.position(), end_);
  expect_a_replay(views, history_);
}

TEST_F(ViewsDamage, OfTheirPositionsIsAReplayFromTheBegin) {
  {
    auto views = make_views(history_.source(&end_), store_, small_chunks(10));
    watch(views);
    catch_up(views);
  }
  store_.spoil(views_space, serving_key(ViewId::enrollments));
  spoil_rows(ViewId::enrollments);
  auto views = make_views(history_.source(&end_), store_, small_chunks(10));
  watch(views);
  catch_up(views);
  expect_a_replay(views, history_);
}

TEST_F(ViewsDamage, OfTheJournalStopsThemThereAndSaysSo) {
  const auto damaged = history_.end() / 2;
  bool mended = false;
  std::size_t reads = 0;
  auto sound = history_.source(&end_);
  RecordSource source{[&](Position after, std::size_t limit) {
                        if (mended) return sound.read(after, limit);
                        if (after >= damaged && ++reads > 0) throw JournalDamaged("journal damaged: at position 7");
                        return sound.read(after, std::min<std::size_t>(limit, damaged - after));
                      },
                      sound.end};
  auto limits = small_chunks(10);
  limits.projector.retry_ms = std::chrono::hours{1};
  auto views = make_views(source, store_, limits);
  watch(views);
  catch_up(views);
  EXPECT_EQ(views.position(), damaged);
  EXPECT_THAT(views.stopped_by(), HasSubstr("position 7"));
  EXPECT_FALSE(views.list_courses({}, {}).error) << "what they show is served";
  views.rebuild("courses");
  catch_up(views);
  EXPECT_LT(reads, 10u) << "it does not read the same place again and again";
  mended = true;
  auto restarted = make_views(source, store_, limits);
  catch_up(restarted);
  EXPECT_THAT(restarted.stopped_by(), IsEmpty());
  expect_a_replay(restarted, history_);
}

}  // namespace
}  // namespace sugang
