#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <regex>

#include "storage/damage.hpp"
#include "storage/journal_folder.hpp"
#include "tests/storage/story.hpp"
#include "tests/storage/temp_folder.hpp"

namespace sugang {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

std::uint64_t setting(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

const std::vector<std::string> courses{"music", "chess", "law"};

/// A journal as a crash leaves it: its files, copied while it was open, and what it had acknowledged then.
struct Template {
  TempFolder folder{true};
  std::vector<Record> acknowledged;
  std::vector<EnrollmentId> enrollments;
  std::vector<AggregateId> pending;
  /// With each batch: the position acknowledged, the size of the newest log behind it, and the head file then.
  struct Batch {
    Position position = 0;
    std::uintmax_t log_bytes = 0;
    std::string head;
  };
  std::vector<Batch> batches;
};

std::string read_file(const fs::path& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

void write_file(const fs::path& path, const std::string& bytes) {
  std::ofstream{path, std::ios::binary | std::ios::trunc} << bytes;
}

std::unique_ptr<JournalFolder> open(const fs::path& folder) {
  return std::make_unique<JournalFolder>(
      folder.string(), Journal::Limits{.page_bytes = 1000}, RocksOptions{.write_buffer_bytes = 1 << 20},
      [](const std::function<void()>& read) { read(); }, [](const std::string&) {});
}

/// How many of the twenty batches stand in sorted files, and not in the log.
std::unique_ptr<Template> make_template(int flushed_batches) {
  constexpr int batch_count = 20;
  auto made = std::make_unique<Template>();
  TempFolder live{true};
  auto folder = open(live.path());
  Story story;
  auto& journal = folder->journal();
  Append registered;
  for (const auto& course : courses) registered.records.push_back(story.course(course));
  append_as_owner(journal, std::move(registered));
  for (int batch = 0; batch < batch_count; ++batch) {
    for (const auto& course : courses) {
      made->enrollments.push_back(story.new_enrollment(course));
      auto appends = story.enrollment(course, made->enrollments.back());
      for (auto& append : appends) append_as_owner(journal, std::move(append));
    }
    const auto open_end = story.new_enrollment("music");
    made->enrollments.push_back(open_end);
    append_as_owner(journal, story.enrollment("music", open_end)[0]);
    while (journal.commit_once()) {
    }
    if (batch + 1 == flushed_batches) folder->store().flush();
    const auto logs = log_files((live.path() / "store").string());
    made->batches.push_back({journal.durable_position(), logs.empty() ? 0 : fs::file_size(logs.back()),
                             read_file(live.path() / "head")});
  }
  made->acknowledged = journal.read(0, 1'000'000);
  made->pending = journal.pending();
  fs::copy(live.path(), made->folder.path(), fs::copy_options::recursive | fs::copy_options::overwrite_existing);
  return made;
}

Template& prepared(std::size_t kind) {
  static const std::vector<std::unique_ptr<Template>> all = [] {
    std::vector<std::unique_ptr<Template>> made;
    for (int flushed : {0, 10, 20}) made.push_back(make_template(flushed));
    return made;
  }();
  return *all.at(kind);
}

std::vector<fs::path> files_with(const fs::path& folder, const std::string& extension) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator{folder})
    if (entry.path().extension() == extension && entry.file_size() > 0) found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  return found;
}

/// One damage, by seed; says what was done.
std::string damage(const fs::path& store, std::mt19937_64& random) {
  auto files = files_with(store, ".log");
  const auto logs = files.size();
  for (auto& file : files_with(store, ".sst")) files.push_back(std::move(file));
  const auto what = random() % 8;
  if (what >= 2 || logs == 0) {
    const auto& file = files[random() % files.size()];
    auto bytes = read_file(file);
    const auto at = random() % bytes.size();
    const auto bit = random() % 8;
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << bit));
    write_file(file, bytes);
    return "bit " + std::to_string(bit) + " of byte " + std::to_string(at) + " of " + file.filename().string();
  }
  const auto& log = files[random() % logs];
  if (what == 0) {
    fs::remove(log);
    return log.filename().string() + " deleted";
  }
  const auto kept = random() % fs::file_size(log);
  fs::resize_file(log, kept);
  return log.filename().string() + " cut to " + std::to_string(kept) + " bytes";
}

template <class Key>
std::vector<Record> filtered(const std::vector<Record>& records, Key key) {
  std::vector<Record> found;
  std::copy_if(records.begin(), records.end(), std::back_inserter(found), key);
  return found;
}

/// Everything that the journal was asked to keep reads as it did, in every way of reading.
void expect_unharmed(Journal& journal, const Template& made) {
  ASSERT_TRUE(journal.read(0, 1'000'000) == made.acknowledged);
  for (const auto& id : made.enrollments) {
    auto on_timeline = [&](const Record& record) { return record.enrollment == id; };
    ASSERT_TRUE(journal.timeline(id) == filtered(made.acknowledged, on_timeline));
  }
  for (const auto& course : courses) {
    const AggregateId id{CourseId{course}};
    auto of_course = [&](const Record& record) { return record.aggregate == id; };
    ASSERT_TRUE(journal.history(id) == filtered(made.acknowledged, of_course));
  }
  ASSERT_TRUE(journal.pending() == made.pending);
  journal.verify();
}

void expect_names_position_and_file(const std::string& text) {
  EXPECT_TRUE(std::regex_search(text, std::regex{"position [0-9]+"})) << text;
  EXPECT_TRUE(std::regex_search(text, std::regex{"\\(file /[^)]+\\)"})) << text;
}

volatile std::sig_atomic_t seed_under_way = 0;

/// RocksDB's assertions may meet the damage first; then this is all that shows how to replay it.
void print_seed(int) {
  char text[] = "aborted at SUGANG_DAMAGE_SEED=0000000000\n";
  auto seed = seed_under_way;
  for (auto at = sizeof text - 3; seed > 0; --at, seed /= 10) text[at] = static_cast<char>('0' + seed % 10);
  if (::write(STDERR_FILENO, text, sizeof text - 1) < 0) return;
}

TEST(Damage, IsRefusedOrHarmless) {
  const auto only = setting("SUGANG_DAMAGE_SEED", 0);
  const auto seeds = setting("SUGANG_DAMAGE_SEEDS", 200);
  const auto before = std::signal(SIGABRT, print_seed);
  std::uint64_t refused = 0;
  for (auto seed = only != 0 ? only : 1; seed <= (only != 0 ? only : seeds) && !HasFailure(); ++seed) {
    seed_under_way = static_cast<std::sig_atomic_t>(seed);
    std::mt19937_64 random{seed};
    const auto& made = prepared(seed % 3);
    TempFolder copy{true};
    fs::copy(made.folder.path(), copy.path(), fs::copy_options::recursive);
    const auto done = damage(copy.path() / "store", random);
    if (only != 0) std::fprintf(stderr, "%s\n", done.c_str());
    SCOPED_TRACE(done + "; replay with SUGANG_DAMAGE_SEED=" + std::to_string(seed));
    try {
      const auto folder = open(copy.path());
      expect_unharmed(folder->journal(), made);
    } catch (const JournalDamaged& error) {
      ++refused;
      expect_names_position_and_file(error.what());
    } catch (const std::exception& error) {
      ADD_FAILURE() << error.what();
    }
  }
  std::signal(SIGABRT, before);
  RecordProperty("refused", static_cast<int>(refused));
  if (only == 0) {
    EXPECT_GT(refused, seeds / 2) << "most damages hit what was acknowledged";
  }
}

/// A start that refused has replayed and rewritten logs; the next one must not take that for the whole.
TEST(Damage, IsRefusedAtEveryFurtherStartToo) {
  const auto& made = prepared(0);
  TempFolder copy{true};
  fs::copy(made.folder.path(), copy.path(), fs::copy_options::recursive);
  const auto log = files_with(copy.path() / "store", ".log").back();
  fs::resize_file(log, made.batches[5].log_bytes);
  for (int start = 0; start < 3; ++start) {
    try {
      open(copy.path());
      FAIL() << "start " << start;
    } catch (const JournalDamaged& error) {
      EXPECT_THAT(error.what(),
                  HasSubstr("acknowledged up to position " + std::to_string(made.acknowledged.size()) +
                            ", recovered only up to " + std::to_string(made.batches[5].position)));
      expect_names_position_and_file(error.what());
    }
  }
}

/// The head stands at an earlier batch, as after a power cut; the log ends inside what came later.
TEST(Damage, ATornTailThatWasNeverAcknowledgedIsRecoveredExactly) {
  const auto seeds = setting("SUGANG_DAMAGE_SEEDS", 200) / 4;
  for (std::uint64_t seed = 1; seed <= seeds && !HasFailure(); ++seed) {
    std::mt19937_64 random{seed};
    const std::size_t kind = seed % 2;
    const auto& made = prepared(kind);
    const auto first = kind == 0 ? 0 : std::size_t{10};
    const auto head_at = first + random() % (made.batches.size() - first - 1);
    const auto log_end = made.batches.back().log_bytes;
    const auto kept = made.batches[head_at].log_bytes + random() % (log_end - made.batches[head_at].log_bytes);
    SCOPED_TRACE("head at batch " + std::to_string(head_at) + ", log cut to " + std::to_string(kept) + ", seed " +
                 std::to_string(seed));
    TempFolder copy{true};
    fs::copy(made.folder.path(), copy.path(), fs::copy_options::recursive);
    write_file(copy.path() / "head", made.batches[head_at].head);
    fs::resize_file(files_with(copy.path() / "store", ".log").back(), kept);

    // The batches that are whole in the log, and no part of another.
    Position expected = 0;
    for (const auto& batch : made.batches)
      if (&batch - made.batches.data() < static_cast<std::ptrdiff_t>(first) || batch.log_bytes <= kept)
        expected = batch.position;
    auto folder = open(copy.path());
    ASSERT_EQ(folder->journal().durable_position(), expected);
    const std::vector<Record> prefix(made.acknowledged.begin(),
                                     made.acknowledged.begin() + static_cast<std::ptrdiff_t>(expected));
    ASSERT_TRUE(folder->journal().read(0, 1'000'000) == prefix);
    folder->journal().verify();
    folder.reset();
    EXPECT_EQ(open(copy.path())->journal().durable_position(), expected);
  }
}

TEST(Damage, AMissingHeadFileIsRefused) {
  const auto& made = prepared(1);
  TempFolder copy{true};
  fs::copy(made.folder.path(), copy.path(), fs::copy_options::recursive);
  fs::remove(copy.path() / "head");
  try {
    open(copy.path());
    FAIL() << "opened";
  } catch (const JournalDamaged& error) {
    EXPECT_THAT(error.what(), HasSubstr((copy.path() / "head").string()));
    expect_names_position_and_file(error.what());
  }
}

TEST(Damage, AMissingStoreIsRefused) {
  const auto& made = prepared(1);
  for (const auto* lost : {"", "CURRENT"}) {
    TempFolder copy{true};
    fs::copy(made.folder.path(), copy.path(), fs::copy_options::recursive);
    fs::remove_all(copy.path() / "store" / lost);
    try {
      open(copy.path());
      FAIL() << "opened";
    } catch (const JournalDamaged& error) {
      expect_names_position_and_file(error.what());
    }
  }
}

TEST(LocateDamage, NamesTheFileThatTheErrorNames) {
  EXPECT_EQ(locate_damage("/x", "Corruption: block checksum mismatch in /x/000012.sst offset 3", {"/x/000013.log"}),
            "/x/000012.sst");
  EXPECT_EQ(locate_damage("/x", "Corruption: checksum mismatch", {"/x/000011.log", "/x/000013.log"}),
            "/x/000013.log or /x/000011.log");
  EXPECT_THAT(locate_damage("/x", "recovered only up to 3", {}), HasSubstr("/x/*.log"));
}

}  // namespace
}  // namespace sugang
