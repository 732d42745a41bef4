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

/// A part of the catalogue's own work, whose turn has come.
struct CatalogueTurn {
  std::function<void()> work;
};

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

  /// What an import that was decided before the start has in the journal.
  struct Resumed {
    std::optional<DecidedImport> decided;
    bool claimed = false;
    bool answered = false;
  };

  caf::behavior make_behavior() override;
  /// A function for any thread, after which `then` is called with its arguments in a turn of this actor.
  template <class Then>
  auto in_turn(Then then);
  /// As in_turn, of the import that runs now; nothing once that has ended.
  template <class Then>
  auto of_import(Then then);
  void give_up_import(const std::string& why);

  void look_up_singles();
  void decide_singles(const std::vector<Existence>& found);
  void register_single(Job& job);
  void refuse(Caller caller, std::size_t line, Refusal why);

  void start_import();
  void look_up_rows();
  void decide_rows(const std::vector<Existence>& found);
  void stage();
  void read_chunk();
  /// Empty: the journal has the chunk already.
  void append_chunk(std::vector<Record> records);
  void finish();
  void end_import();
  void resume();
  void continue_resumed(Resumed resumed);
  /// Runs `work` apart, and `then` with its result.
  template <class Work, class Then>
  void apart(Work work, Then then);
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
