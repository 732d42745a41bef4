#include "app/upkeep.hpp"

#include <system_error>
#include <utility>

#include "actors/directory.hpp"
#include "app/config.hpp"
#include "app/log.hpp"
#include "app/service.hpp"
#include "storage/journal.hpp"
#include "storage/journal_folder.hpp"
#include "storage/request_expiry.hpp"

namespace sugang {
namespace {

constexpr Milliseconds sweep_interval{20};
constexpr Milliseconds disk_look_interval{1'000};
constexpr Milliseconds request_expiry_interval{3'600'000};
/// Index entries that one step of the expiry examines, and the pause before the next.
constexpr std::size_t expiry_entries_max = 2'000;
constexpr Milliseconds expiry_pause{20};
/// The scrub reads so much in a step, and rests as long as its rate wants.
constexpr std::uint64_t scrub_step_bytes = 1 << 20;

}  // namespace

Upkeep::Upkeep(const Config& config, Subjects subjects)
    : data_(config.data),
      disk_free_bytes_min_(std::uintmax_t{config.disk_free_mib_min} << 20),
      scrub_mib_per_s_(config.scrub_mib_per_s),
      scrub_interval_(std::chrono::hours{config.scrub_interval_h}),
      to_(subjects),
      clock_(to_.timers),
      scrub_(
          to_.journal_folder.store(), [this] { return to_.journal_folder.journal().durable_position(); },
          [this](const JournalDamaged& fault) { to_.journal_folder.journal().quarantine().note(fault); }) {}

void Upkeep::start() {
  sweep_directory();
  watch_disk();
  expire_requests("");
  scrub_on();
}

void Upkeep::complete(Metrics::NodeState& state) const {
  state.reads_pending.emplace_back("upkeep", lane_.pending());
  std::error_code unknown;
  if (const auto space = std::filesystem::space(data_, unknown); !unknown) state.disk_free_bytes = space.available;
  state.disk_free_bytes_min = disk_free_bytes_min_;
  state.scrub_position = scrub_.position();
  state.scrub_passes = scrub_.passes();
  state.scrub_age = scrub_.age();
}

void Upkeep::sweep_directory() {
  to_.directory.sweep(to_.timers.uptime());
  to_.timers.after(sweep_interval, [this] { sweep_directory(); });
}

void Upkeep::watch_disk() {
  std::error_code unknown;
  const auto space = std::filesystem::space(data_, unknown);
  const bool low = !unknown && space.available < disk_free_bytes_min_;
  if (low != std::exchange(disk_was_low_, low))
    log_warn(low ? "the disk is nearly full: new work is refused" : "the disk has room again",
             {{"event", low ? "disk_low" : "disk_has_room"},
              {"data", data_.string()},
              {"freeBytes", space.available},
              {"freeBytesMin", disk_free_bytes_min_}});
  to_.service.set_disk_low(low);
  to_.metrics.log_left_out();
  to_.timers.after(disk_look_interval, [this] { watch_disk(); });
}

void Upkeep::expire_requests(std::string from) {
  lane_.run([this, from = std::move(from)]() mutable {
    auto& timers = to_.timers;
    std::optional<std::string> next;
    try {
      next = to_.journal_folder.journal().expire_requests(clock_.earliest() - requests_kept, std::move(from),
                                                          expiry_entries_max);
    } catch (const std::exception& fault) {
      log_error("answers to keyed requests can't be expired",
                {{"event", "journal_damaged"}, {"why", fault.what()}});
    }
    timers.after(next ? expiry_pause : request_expiry_interval,
                 [this, next = next.value_or("")]() mutable { expire_requests(std::move(next)); });
  });
}

void Upkeep::scrub_on() {
  if (scrub_mib_per_s_ == 0) return;
  lane_.run([this] {
    const auto step = scrub_.step(scrub_step_bytes);
    if (step.ends_pass)
      log_info("the scrub has read the whole journal",
               {{"event", "scrub_passed"},
                {"position", scrub_.position()},
                {"passes", scrub_.passes()},
                {"faults", to_.journal_folder.journal().quarantine().faults()}});
    const auto rest = Milliseconds{static_cast<std::int64_t>(step.bytes * 1'000 / scrub_mib_per_s_ >> 20)};
    to_.timers.after(step.ends_pass ? scrub_interval_ : rest, [this] { scrub_on(); });
  });
}

}  // namespace sugang
