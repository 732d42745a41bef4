#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <set>

#include "random_history.hpp"
#include "reading.hpp"
#include "replay.hpp"
#include "replay_check.hpp"
#include "storage/journal.hpp"
#include "tests/simulation/memory_store.hpp"
#include "views/courses_view.hpp"
#include "views/enrollment_indexes.hpp"
#include "views/mileage_view.hpp"
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
    views.on_store_damaged([this](const std::string& why) { unmended_.push_back(why); });
  }
  static void catch_up(Views& views) {
    for (int passes = 0; views.run_once(); ++passes) ASSERT_LT(passes, 100'000) << "it never rests";
  }
  std::vector<std::string> rows_under(const std::string& prefix) const {
    std::vector<std::string> rows;
    store_.scan(views_space, prefix, after_prefix(prefix),
                [&](std::string_view key, std::string_view) { return rows.emplace_back(key), true; });
    EXPECT_FALSE(rows.empty());
    return rows;
  }
  /// None of them can be read.
  void spoil_rows(const std::string& prefix) {
    if (spoiled_.contains(prefix)) return;
    spoiled_.insert(prefix);
    for (const auto& row : rows_under(prefix)) store_.spoil(views_space, row);
  }
  void spoil_rows(ViewId view) { spoil_rows(std::string(1, static_cast<char>(view))); }
  /// Of each of them the last byte is missing.
  void cut_rows(const std::string& prefix) {
    WriteSet changes;
    for (const auto& row : rows_under(prefix)) {
      auto value = *store_.get(views_space, row);
      if (!value.empty()) value.pop_back();
      changes.put(views_space, row, std::move(value));
    }
    store_.write(changes, Sync::no);
  }

  const RandomHistory history_{11};
  Position end_ = history_.end();
  MemoryStore store_{views_space_count};
  std::vector<std::string> faults_;
  std::vector<std::string> unmended_;
  std::set<std::string> spoiled_;
};

TEST_F(ViewsDamage, OfRowsThatAReaderMeetsIsRepairedByARebuild) {
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
  auto views = make_views(history_.source(&end_), store_, small_chunks(10));
  watch(views);
  catch_up(views);
  spoil_rows(EnrollmentTables{1}.rows.prefix());
  end_ = history_.end();
  for (int passes = 0; faults_.empty(); ++passes) {
    ASSERT_LT(passes, 1'000);
    ASSERT_TRUE(views.run_once());
  }
  EXPECT_THAT(faults_[0], HasSubstr("enrollments: rows can't be read"));
  const auto held_up_at = views.position();
  EXPECT_LT(held_up_at, end_);
  ASSERT_TRUE(views.run_once());
  const auto courses = store_.get(views_space, position_key(ViewId::courses, 1));
  EXPECT_GT(number_of<Position>(*courses), held_up_at) << "the others advance meanwhile";
  catch_up(views);
  EXPECT_EQ(views.position(), end_);
  EXPECT_THAT(faults_, SizeIs(1));
  expect_a_replay(views, history_);
}

TEST_F(ViewsDamage, OfRowsThatDecodeWronglyIsRepairedByARebuild) {
  end_ = history_.end() / 2;
  auto views = make_views(history_.source(&end_), store_, small_chunks(10));
  watch(views);
  catch_up(views);
  cut_rows(CourseTables{1}.rows.prefix());
  EXPECT_EQ(views.list_courses({}, {}).error, ServiceError::view_damaged);
  cut_rows(EnrollmentTables{1}.rows.prefix());
  cut_rows(MileageTables{1}.balances.prefix());
  end_ = history_.end();
  catch_up(views);
  EXPECT_THAT(faults_, SizeIs(3));
  EXPECT_EQ(views.position(), end_);
  expect_a_replay(views, history_);
}

TEST_F(ViewsDamage, OfABuildBeginsItOnceMoreInOtherRows) {
  auto views = make_views(history_.source(&end_), store_, small_chunks(10));
  watch(views);
  catch_up(views);
  views.rebuild("enrollments");
  ASSERT_TRUE(views.run_once());
  ASSERT_TRUE(views.run_once());
  spoil_rows(EnrollmentTables{2}.rows.prefix());
  catch_up(views);
  EXPECT_FALSE(views.rebuilding("enrollments"));
  EXPECT_THAT(faults_, SizeIs(1));
  EXPECT_THAT(unmended_, IsEmpty());
  EXPECT_TRUE(store_.get(views_space, position_key(ViewId::enrollments, 3)));
  expect_a_replay(views, history_);
}

TEST_F(ViewsDamage, OfEachBuildEndsInRowsThatStayUntilTheStoreIsDropped) {
  auto views = make_views(history_.source(&end_), store_, small_chunks(10));
  watch(views);
  catch_up(views);
  spoil_rows(EnrollmentTables{1}.rows.prefix());
  EXPECT_EQ(views.list_enrollments({}, {}).error, ServiceError::view_damaged);
  for (const Generation generation : {2, 3}) {
    store_.spoil(views_space, EnrollmentTables{generation}.saga_counts.of_state(SagaState::running));
    store_.spoil(views_space, position_key(ViewId::enrollments, generation));
  }
  catch_up(views);
  EXPECT_THAT(unmended_, SizeIs(1));
  EXPECT_FALSE(views.rebuilding("enrollments"));
  const auto reported = faults_.size();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(views.list_enrollments({}, {}).error, ServiceError::view_damaged);
    catch_up(views);
  }
  EXPECT_THAT(faults_, SizeIs(reported));
  EXPECT_THAT(unmended_, SizeIs(1));
  EXPECT_FALSE(store_.get(views_space, position_key(ViewId::enrollments, 4))) << "no rebuild follows another";
  EXPECT_FALSE(views.list_courses({}, {}).error);
  EXPECT_EQ(views.position(), end_);
}

TEST_F(ViewsDamage, OfRowsThatWereBuiltForDamageBeginsNoOtherRebuild) {
  auto views = make_views(history_.source(&end_), store_, small_chunks(10));
  watch(views);
  catch_up(views);
  for (const Generation generation : {1, 2, 2}) {
    spoil_rows(EnrollmentTables{generation}.rows.prefix());
    EXPECT_EQ(views.list_enrollments({}, {}).error, ServiceError::view_damaged);
    catch_up(views);
  }
  EXPECT_THAT(unmended_, SizeIs(1));
  EXPECT_FALSE(store_.get(views_space, position_key(ViewId::enrollments, 3)));
  // Except an operator's.
  views.rebuild("enrollments");
  catch_up(views);
  expect_a_replay(views, history_);
}

TEST_F(ViewsDamage, IsNotWhatARowsReadMeetsThatMaySucceedLater) {
  end_ = history_.end() / 2;
  auto limits = small_chunks(10);
  limits.projector.retry_ms = std::chrono::milliseconds{0};
  auto views = make_views(history_.source(&end_), store_, limits);
  watch(views);
  catch_up(views);
  store_.fail_reads(1);
  EXPECT_THROW(views.list_enrollments({}, {}), StorageError);
  EXPECT_THAT(faults_, IsEmpty());
  end_ = history_.end();
  for (int round = 0; round < 20; ++round) {
    store_.fail_reads(1);
    views.run_once();
    if (round == 10) views.rebuild("enrollments");
  }
  EXPECT_FALSE(faults_.empty());
  for (const auto& fault : faults_) EXPECT_THAT(fault, HasSubstr("rows can't be read now"));
  store_.fail_reads(0);
  catch_up(views);
  EXPECT_THAT(views.stopped_by(), IsEmpty());
  EXPECT_TRUE(store_.get(views_space, position_key(ViewId::courses, 1))) << "nothing else is built again";
  expect_a_replay(views, history_);
}

TEST_F(ViewsDamage, OfTheJournalThatLostItsEndIsReportedOnceThereIsAListener) {
  {
    auto views = make_views(history_.source(&end_), store_, small_chunks(10));
    catch_up(views);
  }
  end_ = history_.end() / 2;
  auto views = make_views(history_.source(&end_), store_, small_chunks(10));
  watch(views);
  ASSERT_THAT(faults_, SizeIs(every_view.size()));
  EXPECT_THAT(faults_[1], HasSubstr("courses: rows are dropped and built again: they are ahead of the journal"));
  end_ = history_.end();
  catch_up(views);
  expect_a_replay(views, history_);
}

TEST_F(ViewsDamage, OfWhatAStartReadsIsNamed) {
  {
    auto views = make_views(history_.source(&end_), store_, small_chunks(10));
    catch_up(views);
  }
  for (const auto& key : {serving_key(ViewId::enrollments), position_key(ViewId::courses, 1),
                          EnrollmentTables{1}.saga_counts.of_state(SagaState::waiting)}) {
    const auto sound = store_.get(views_space, key);
    store_.spoil(views_space, key);
    EXPECT_THROW(make_views(history_.source(&end_), store_), DamagedEntry);
    WriteSet changes;
    changes.put(views_space, key, "cut");
    store_.write(changes, Sync::no);
    if (key != serving_key(ViewId::enrollments)) {
      EXPECT_THROW(make_views(history_.source(&end_), store_), DamagedEntry);
    }
    WriteSet repaired;
    if (sound)
      repaired.put(views_space, key, *sound);
    else
      repaired.erase(views_space, key);
    store_.write(repaired, Sync::no);
  }
  auto views = make_views(history_.source(&end_), store_, small_chunks(10));
  expect_a_replay(views, history_);
}

/// A journal that can't be read behind a position until it is sound again.
struct DamagedSource {
  DamagedSource(RecordSource of, Position behind) : sound(std::move(of)), damaged(behind) {}
  RecordSource source() {
    return {[this](Position after, std::size_t limit) {
              if (repaired) return sound.read(after, limit);
              if (after >= damaged && ++failed_reads > 0) throw JournalDamaged("journal damaged: at position 7");
              return sound.read(after, std::min<std::size_t>(limit, damaged - after));
            },
            sound.end};
  }
  RecordSource sound;
  const Position damaged;
  std::atomic<bool> repaired{false};
  std::atomic<std::size_t> failed_reads{0};
};

TEST_F(ViewsDamage, OfTheJournalStopsThemThereAndIsReported) {
  DamagedSource journal{history_.source(&end_), history_.end() / 2};
  auto limits = small_chunks(10);
  limits.projector.retry_ms = std::chrono::hours{1};
  auto views = make_views(journal.source(), store_, limits);
  watch(views);
  catch_up(views);
  EXPECT_EQ(views.position(), journal.damaged);
  EXPECT_THAT(views.stopped_by(), HasSubstr("position 7"));
  EXPECT_FALSE(views.list_courses({}, {}).error) << "what they show is served";
  views.rebuild("courses");
  catch_up(views);
  EXPECT_LT(journal.failed_reads, 10u) << "it does not read the same place again and again";
  EXPECT_THAT(views.stopped_by(), HasSubstr("position 7")) << "whatever a build has read meanwhile";
}

TEST_F(ViewsDamage, OfTheJournalIsPassedOnceItCanBeRead) {
  DamagedSource journal{history_.source(&end_), history_.end() / 2};
  auto limits = small_chunks(10);
  limits.projector.retry_ms = std::chrono::milliseconds{0};
  auto views = make_views(journal.source(), store_, limits);
  watch(views);
  catch_up(views);
  EXPECT_EQ(views.position(), journal.damaged);
  journal.repaired = true;
  catch_up(views);
  EXPECT_THAT(views.stopped_by(), IsEmpty());
  EXPECT_THAT(faults_, SizeIs(1));
  expect_a_replay(views, history_);
}

TEST_F(ViewsDamage, OfTheJournalIsMetAndPassedWithoutAnyAppend) {
  DamagedSource journal{history_.source(&end_), history_.end() / 2};
  Views::Limits limits;
  limits.projector.retry_ms = std::chrono::milliseconds{1};
  auto views = make_views(journal.source(), store_, limits);
  views.start();
  EXPECT_TRUE(eventually([&] { return journal.failed_reads >= 3; })) << "a quiet node tries again by itself";
  journal.repaired = true;
  EXPECT_TRUE(eventually([&] { return views.position() == end_; }));
  views.stop();
  expect_a_replay(views, history_);
}

}  // namespace
}  // namespace sugang
