#include "views/record_source.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "random_history.hpp"
#include "reading.hpp"
#include "replay.hpp"
#include "storage/journal_keys.hpp"
#include "tests/simulation/memory_store.hpp"
#include "tests/storage/story.hpp"
#include "views/row_keys.hpp"

namespace sugang {
namespace {

using ::testing::ElementsAreArray;

TEST(ViewsOfAJournal, ShowWhatWasAppendedAsSoonAsItIsDurable) {
  const RandomHistory history{41};
  MemoryStore pages{journal_space_count}, rows{views_space_count};
  MemoryHeadFile head;
  Journal journal{pages, head, {}, [](const std::function<void()>& read) { read(); }, fail_the_test};
  Views::Limits limits;
  limits.min_position_timeout_ms = std::chrono::seconds{20};
  auto views = make_views(records_of(journal), rows, limits);
  journal.on_durable([&](Position) { views.wake(); });
  journal.start();
  views.start();
  for (auto record : history.records()) {
    record.position = 0;
    append_as_owner(journal, {std::move(record)});
  }
  const Position last = history.records().size();
  std::promise<bool> reached;
  views.when_reached({ViewId::courses}, last, [&](bool in_time) { reached.set_value(in_time); });
  ASSERT_TRUE(reached.get_future().get());
  EXPECT_EQ(views.lag(), 0u);
  EXPECT_THAT(all_enrollments(views), ElementsAreArray(values_of(enrollments_of(history, last))));
  EXPECT_THAT(all_courses(views), ElementsAreArray(values_of(courses_of(history, last, test_now))));
  views.stop();
  journal.stop();
}

}  // namespace
}  // namespace sugang
