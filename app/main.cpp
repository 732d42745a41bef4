#include <signal.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>
#include <map>
#include <optional>

#include "app/application.hpp"
#include "app/config.hpp"
#include "app/log.hpp"

namespace {

using namespace sugang;

/// An operator's patience, and an orchestrator's: after it what is not answered is cut.
constexpr std::chrono::milliseconds drain_max{9'000};

/// Blocked in every thread, and waited for by the first: no handler runs anywhere.
sigset_t block_end_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return signals;
}

void print_hints(const Application& application) {
  const auto base = "http://" + application.client_address();
  std::cerr << "\nSugang serves a sample catalogue. Try:\n"
            << "  curl " << base << "/v1/courses\n"
            << "  curl " << base << "/v1/enrollments --json '{\"courseId\":\"lecture-1\",\"studentId\":\"s1\"}'\n"
            << "  curl " << base << "/v1/students/s1/page\n"
            << "  curl http://" << application.management_address() << "/readyz\n"
            << "Its own description: " << base << "/openapi.json. End it with Ctrl-C.\n\n";
}

int serve(const Config& config, bool demo) {
  const auto signals = block_end_signals();
  open_log(config.log_level);
  try {
    Application application{config};
    application.start();
    if (demo) application.offer_samples();
    std::cout << "{\"ready\": true, \"listen\": \"" << application.client_address() << "\", \"management\": \""
              << application.management_address() << "\"}" << std::endl;
    if (demo) print_hints(application);
    log_info("serving",
             {{"listen", application.client_address()}, {"management", application.management_address()}});
    int signal = 0;
    sigwait(&signals, &signal);
    log_info("draining");
    const bool answered = application.drain(drain_max);
    log_info("stopped", {{"answered", answered ? "all" : "not all in time"}});
    return EXIT_SUCCESS;
  } catch (const std::exception& fault) {
    log_error("cannot serve", {{"why", fault.what()}});
    return EXIT_FAILURE;
  }
}

/// The settings that stand on the command line, and the file.
struct CommandLine {
  std::optional<std::string> file;
  std::map<std::string, std::string> flags;

  void add_to(CLI::App& command) {
    command.add_option("--config", file, "TOML file with the same settings (SUGANG_CONFIG)");
    for (const auto& setting : settings())
      command.add_option("--" + setting.name, flags[setting.name], setting.help)->envname("");
  }
  ConfigResult load(const CLI::App& command) const {
    auto given = flags;
    std::erase_if(given, [&](const auto& flag) { return command.count("--" + flag.first) == 0; });
    const auto environment = [](const std::string& name) -> const char* { return std::getenv(name.c_str()); };
    auto path = file;
    if (const char* named = environment("SUGANG_CONFIG"); !path && named) path = named;
    return load_config(path, given, environment);
  }
};

int report_faults(const ConfigResult& result) {
  for (const auto& fault : result.faults) std::cerr << fault << "\n";
  return EXIT_FAILURE;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App program{"Sugang: course registration that never sells a seat twice and forgets nothing it answered."};
  program.require_subcommand(1);
  CommandLine line;
  auto* serve_command = program.add_subcommand("serve", "Serve on the data directory");
  auto* demo_command = program.add_subcommand("demo", "Serve with a sample catalogue");
  auto* check_command = program.add_subcommand("check-config", "Name every wrong setting and where it stands");
  auto* verify_command = program.add_subcommand("verify", "Check a stopped server's journal and every invariant");
  auto* version_command = program.add_subcommand("version", "Print the version");
  for (auto* command : {serve_command, demo_command, check_command}) line.add_to(*command);
  std::string data;
  verify_command->add_option("--data", data, "data directory")->required();
  CLI11_PARSE(program, argc, argv);

  if (version_command->parsed()) {
    std::cout << "sugangd " << SUGANG_VERSION << "\n";
    return EXIT_SUCCESS;
  }
  if (verify_command->parsed()) return verify(data);
  const auto* command = serve_command->parsed()  ? serve_command
                        : demo_command->parsed() ? demo_command
                                                 : check_command;
  const auto result = line.load(*command);
  if (!result.faults.empty()) return report_faults(result);
  if (check_command->parsed()) {
    std::cout << "every setting is in order\n";
    return EXIT_SUCCESS;
  }
  return serve(result.config, demo_command->parsed());
}
