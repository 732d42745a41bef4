#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "random_history.hpp"
#include "reading.hpp"
#include "replay.hpp"
#include "replay_check.hpp"
#include "storage/journal.hpp"
#include "tests/simulation/memory_store.hpp"

namespace sugang {
namespace {

/// A view of its own cursor: it is paused, and catches up, while the others go on.
class PausedView : public ::testing::Test {
 protected:
  void catch_up(Views& views) {
    while (views.run_once()) continue;
  }
  std::optional<bool> reaches(Views& views, std::vector<ViewId> of, Position position) {
    auto word = std::make_shared<std::optional<bool>>();
    views.when_reached(std::move(of), position, [word](bool reached) { *word = reached; });
    return *word;
  }
  Position shown(const Views& views) const { return views.student_mileage({"s0"}, {}).entries.listing.position; }

  const RandomHistory history_{14};
  const Position half_ = history_.end() / 2;
  Position end_ = half_;
  MemoryStore store_{views_space_count};
};

TEST_F(PausedView, StopsAloneAndIsServedAsItIs) {
  auto views = make_views(history_.source(&end_), store_);
  catch_up(views);
  views.pause(ViewId::mileage, true);
  end_ = history_.end();
  catch_up(views);
  EXPECT_EQ(shown(views), half_);
  EXPECT_EQ(views.lag(), end_ - half_);
  auto ledgers = ledgers_of(history_, half_);
  EXPECT_NE(ledgers_of(history_, end_).at("s0").rows.size(), ledgers["s0"].rows.size());
  EXPECT_EQ(all_mileage(views, {"s0"}), ledgers["s0"].rows);
  EXPECT_EQ(views.list_courses({}, {}).listing.position, end_);
  EXPECT_EQ(views.student_page({"s0"}, {}).listing.position, end_);
  EXPECT_EQ(all_enrollments(views), values_of(enrollments_of(history_, end_)));
  views.pause(ViewId::mileage, false);
  catch_up(views);
  EXPECT_EQ(views.lag(), 0u);
  expect_a_replay(views, history_);
}

TEST_F(PausedView, GivesUpAtOnceAWaitForWhatItDoesNotShowAndHoldsUpNoOther) {
  auto views = make_views(history_.source(&end_), store_);
  catch_up(views);
  std::optional<bool> word;
  views.when_reached({ViewId::mileage}, history_.end(), [&](bool reached) { word = reached; });
  EXPECT_EQ(word, std::nullopt);
  views.pause(ViewId::mileage, true);
  EXPECT_EQ(word, false);
  end_ = history_.end();
  catch_up(views);
  EXPECT_EQ(reaches(views, {ViewId::mileage}, half_), true);
  EXPECT_EQ(reaches(views, {ViewId::mileage}, end_), false);
  EXPECT_EQ(reaches(views, {ViewId::enrollments, ViewId::courses}, end_), true);
  EXPECT_EQ(reaches(views, {ViewId::enrollments, ViewId::mileage}, end_), false);
}

TEST_F(PausedView, IsWaitedForTogetherWithAnotherOnceItRunsAgain) {
  auto views = make_views(history_.source(&end_), store_, small_chunks(10));
  catch_up(views);
  std::optional<bool> word;
  views.when_reached({ViewId::enrollments, ViewId::mileage}, history_.end(), [&](bool reached) { word = reached; });
  end_ = history_.end();
  for (int passes = 0; !word; ++passes) {
    ASSERT_LT(passes, 10'000);
    views.run_once();
  }
  EXPECT_EQ(word, true);
  EXPECT_EQ(views.position(), end_);
}

TEST_F(PausedView, CatchesUpWhileTheOthersGoOn) {
  auto views = make_views(history_.source(&end_), store_, small_chunks(5));
  views.pause(ViewId::mileage, true);
  catch_up(views);
  ASSERT_EQ(shown(views), 0u);
  views.pause(ViewId::mileage, false);
  end_ = half_ + 5;
  ASSERT_TRUE(views.run_once());
  EXPECT_EQ(views.list_courses({}, {}).listing.position, end_) << "no pass is the late view's alone";
  EXPECT_EQ(shown(views), 5u);
  end_ = history_.end();
  catch_up(views);
  expect_a_replay(views, history_);
}

TEST_F(PausedView, GoesOnAfterARestartWhereItStopped) {
  {
    auto views = make_views(history_.source(&end_), store_, small_chunks(10));
    catch_up(views);
    views.pause(ViewId::mileage, true);
    end_ = history_.end();
    catch_up(views);
  }
  auto views = make_views(history_.source(&end_), store_, small_chunks(10));
  EXPECT_EQ(shown(views), half_);
  catch_up(views);
  expect_a_replay(views, history_);
}

TEST_F(PausedView, StopsAloneInFrontOfDamageInWhatItMissed) {
  bool damaged = false;
  const auto sound = history_.source(&end_);
  const RecordSource source{[&](Position after, std::size_t limit) {
                              if (damaged && after == half_) throw JournalDamaged("journal damaged: at position 7");
                              return sound.read(after, limit);
                            },
                            sound.end};
  Views::Limits limits;
  limits.projector.retry_ms = std::chrono::milliseconds{0};
  auto views = make_views(source, store_, limits);
  catch_up(views);
  views.pause(ViewId::mileage, true);
  end_ = history_.end() - 1;
  catch_up(views);
  damaged = true;
  views.pause(ViewId::mileage, false);
  end_ = history_.end();
  catch_up(views);
  EXPECT_THAT(views.stopped_by(), ::testing::HasSubstr("position 7"));
  EXPECT_EQ(views.list_courses({}, {}).listing.position, end_);
  EXPECT_EQ(shown(views), half_);
  views.pause(ViewId::mileage, true);
  catch_up(views);
  EXPECT_EQ(views.stopped_by(), "") << "what is paused tries nothing again";
  damaged = false;
  views.pause(ViewId::mileage, false);
  catch_up(views);
  expect_a_replay(views, history_);
}

TEST_F(PausedView, IsBuiltAgainOnceItRuns) {
  auto views = make_views(history_.source(&end_), store_);
  catch_up(views);
  views.pause(ViewId::mileage, true);
  views.rebuild("mileage");
  catch_up(views);
  EXPECT_TRUE(views.rebuilding("mileage"));
  views.pause(ViewId::mileage, false);
  catch_up(views);
  EXPECT_FALSE(views.rebuilding("mileage"));
  expect_a_replay(views, history_);
}

}  // namespace
}  // namespace sugang
