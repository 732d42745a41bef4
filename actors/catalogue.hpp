#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "actors/caf_messages.hpp"
#include "actors/import_staging.hpp"
#include "actors/node.hpp"

namespace sugang {

struct CallCatalogue {
  RegisterCourses request;
  CallerId caller = 0;
};

/// Carries out an import that was decided before the start, and drops one that was not. Before any other message.
struct ResumeImport {};

// Results of the catalogue's own work. `import` names the import; an answer to one that has ended is dropped.

struct SinglesLookedUp {
  std::vector<Existence> found;
};
struct ImportReserved {
  std::uint64_t import = 0;
  std::unordered_set<std::string> ids;
};
struct RowsLookedUp {
  std::uint64_t import = 0;
  std::vector<Existence> found;
};
struct ImportDecided {
  std::uint64_t import = 0;
  DecidedImport decided;
};
/// Empty: the journal has the chunk already.
struct ChunkRead {
  std::uint64_t import = 0;
  std::vector<Record> records;
};
struct ChunkDurable {
  std::uint64_t import = 0;
};
struct ImportAnswered {
  std::uint64_t import = 0;
};
struct ImportResumed {
  std::optional<DecidedImport> decided;
  bool claimed = false;
  bool answered = false;
};

}  // namespace sugang

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sugang::CallCatalogue)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sugang::ResumeImport)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sugang::SinglesLookedUp)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sugang::ImportReserved)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sugang::RowsLookedUp)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sugang::ImportDecided)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sugang::ChunkRead)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sugang::ChunkDurable)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sugang::ImportAnswered)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sugang::ImportResumed)

namespace sugang {

/// The only one that registers courses: what it found unregistered stays so until it registers it. An import goes
/// chunk by chunk, so that others' turns, reads and batches come in between, and is all or nothing across a crash
/// by its staging. While it runs, its ids are reserved: a registration of one of them waits for its end.
class Catalogue final : public caf::event_based_actor {
 public:
  struct Ports {
    ImportStaging& staging;
    /// Runs what may block on a disk or take long, in order, away from the actors; in a simulation, at once.
    std::function<void(std::function<void()>)> apart;
    /// So many of an import's courses are registered.
    std::function<void(std::size_t done, std::size_t rows)> progress;
    /// What was decided before the start is carried out.
    std::function<void()> resumed;
    /// The staging can't be read or written; the process must end.
    std::function<void(const std::string& why)> on_failure;
  };
  Catalogue(caf::actor_config& config, Node& node, Ports ports);

 private:
  /// Courses to register, and the caller that waits for it.
  struct Job {
    std::vector<ImportRow> rows;
    Caller caller;
  };
  struct Import {
    std::shared_ptr<const std::vector<ImportRow>> rows;
    Caller caller;
    std::unordered_set<std::string> ids;
    std::size_t looked_up = 0;
    DecidedImport decided;
    bool is_decided = false;
    std::size_t chunks_read = 0;
    std::size_t registered = 0;
    /// Resumed after a crash: some of it may be in the journal.
    bool resumed = false;
    bool answered = false;
    /// Registrations of reserved ids.
    std::vector<Job> waiting;
  };

  caf::behavior make_behavior() override;
  /// A turn of the import, if the message is of the one that runs.
  template <class Message, class Work>
  void of_import(const Message& message, Work work);
  void give_up_import(const std::string& why);

  void look_up_singles();
  void on(const SinglesLookedUp& looked_up);
  void register_single(Job& job);
  void refuse(Caller caller, std::size_t line, Refusal why);

  void start_import();
  void look_up_rows();
  void on(const RowsLookedUp& looked_up);
  void stage();
  void read_chunk();
  void on(ChunkRead& chunk);
  void finish();
  void end_import();
  void resume();
  void on(ImportResumed& resumed);
  /// Runs `work` apart and sends its result here.
  template <class Work>
  void apart(Work work);
  void notify_residents(std::vector<Record> registered, Ticket append);

  Node& node_;
  const Ports ports_;
  std::vector<Job> singles_;
  std::vector<Job> looking_up_;
  /// As counted when the look-up began: what an import registered meanwhile, it may not have seen.
  std::uint64_t looking_up_since_ = 0;
  std::deque<Job> imports_;
  std::unique_ptr<Import> import_;
  std::uint64_t imports_begun_ = 0;
  std::uint64_t imports_ended_ = 0;
};

}  // namespace sugang
