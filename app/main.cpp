#include <signal.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <map>
#include <optional>

#include "app/application.hpp"
#include "app/config.hpp"
#include "app/data_folder.hpp"
#include "app/log.hpp"

namespace {

using namespace sugang;

/// A command line that cannot be understood, as of shells and their tools.
constexpr int exit_usage = 2;

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

void print_hints(const Application& application, const std::string& data, bool data_is_temporary) {
  const auto base = "http://" + application.client_address();
  std::cerr << "\nSugang serves a sample catalogue. Try:\n"
            << "  curl " << base << "/v1/courses\n"
            << "  curl " << base << "/v1/enrollments --json '{\"courseId\":\"lecture-1\",\"studentId\":\"s1\"}'\n"
            << "  curl " << base << "/v1/students/s1/page\n"
            << "  curl http://" << application.management_address() << "/readyz\n"
            << "Its own description: " << base << "/openapi.json. End it with Ctrl-C.\n"
            << "Data: " << data
            << (data_is_temporary ? " (new, and removed at the end; --data DIR keeps it)\n\n" : "\n\n");
}

int serve(const Config& config, bool demo, bool data_is_temporary) {
  const auto signals = block_end_signals();
  open_log(config.log_level);
  try {
    Application application{config};
    application.start();
    if (demo) application.offer_samples();
    if (demo) print_hints(application, config.data, data_is_temporary);
    std::cout << "{\"ready\": true, \"listen\": \"" << application.client_address() << "\", \"management\": \""
              << application.management_address() << "\"}" << std::endl;
    log_info("serving", {{"event", "serving"},
                         {"version", SUGANG_VERSION},
                         {"listen", application.client_address()},
                         {"management", application.management_address()}});
    int signal = 0;
    sigwait(&signals, &signal);
    log_info("draining", {{"event", "draining"}});
    const bool answered = application.drain();
    log_info("stopped", {{"event", "stopped"}, {"answered", answered ? "all" : "some with 503"}});
    return EXIT_SUCCESS;
  } catch (const std::exception& fault) {
    log_error("cannot serve", {{"event", "cannot_serve"}, {"why", fault.what()}});
    return EXIT_FAILURE;
  }
}

/// The settings that stand on the command line, and the file.
struct CommandLine {
  std::optional<std::string> file;
  std::map<std::string, std::string> flags;

  /// `data_default` describes the default folder, where it is not the setting's own.
  void add_to(CLI::App& command, const std::string& data_default = {}) {
    command.add_option("--config", file, "TOML file with the same settings (SUGANG_CONFIG)");
    for (const auto& setting : settings()) {
      const bool is_described = setting.name == "data" && !data_default.empty();
      const auto text = is_described ? data_default : setting.default_text();
      command.add_option("--" + setting.name, flags[setting.name],
                         setting.help + " [default: " + (text.empty() ? "none" : text) + "]");
    }
  }
  ConfigResult load(const CLI::App& command, const Config& defaults) const {
    auto given = flags;
    std::erase_if(given, [&](const auto& flag) { return command.count("--" + flag.first) == 0; });
    return load_config(file, given, sugang_environment(), defaults);
  }
};

int report_faults(const ConfigResult& result) {
  for (const auto& fault : result.faults) std::cerr << fault << "\n";
  return EXIT_FAILURE;
}

/// A demo has a folder of its own, so that the second one begins as the first did, unless the settings name one.
int run_demo(const CommandLine& line, const CLI::App& command) {
  std::optional<TemporaryFolder> temporary{std::in_place};
  Config defaults;
  defaults.data = temporary->path();
  const auto result = line.load(command, defaults);
  if (!result.faults.empty()) return report_faults(result);
  if (result.config.data != temporary->path()) temporary.reset();
  return serve(result.config, true, temporary.has_value());
}

int check_config(const ConfigResult& result) {
  if (!result.faults.empty()) return report_faults(result);
  std::cout << "every setting is in order\n";
  return EXIT_SUCCESS;
}

bool is_command(const CLI::App& program, const std::string& name) {
  const auto commands = program.get_subcommands([](const CLI::App*) { return true; });
  return std::any_of(commands.begin(), commands.end(), [&](const auto* each) { return each->get_name() == name; });
}

int report_unknown_command(const CLI::App& program, const std::string& name) {
  std::cerr << "sugangd: unknown command '" << name << "'. Commands:\n";
  for (const auto* command : program.get_subcommands([](const CLI::App*) { return true; }))
    std::cerr << "  " << command->get_name() << ": " << command->get_description() << "\n";
  return exit_usage;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App program{"Sugang: course registration that never sells a seat twice and forgets nothing it answered.",
                   "sugangd"};
  program.require_subcommand(1);
  program.set_version_flag("--version", "sugangd " SUGANG_VERSION, "Print the version and exit");
  CommandLine line;
  auto* serve_command = program.add_subcommand("serve", "Serve on the data directory");
  auto* demo_command = program.add_subcommand("demo", "Serve a sample catalogue on a new folder, or on --data");
  auto* check_command = program.add_subcommand("check-config", "Name every wrong setting and where it stands");
  auto* verify_command =
      program.add_subcommand("verify", "Check the journal of a stopped server and the invariants that it shows");
  auto* version_command = program.add_subcommand("version", "Print the version");
  for (auto* command : {serve_command, check_command}) line.add_to(*command);
  line.add_to(*demo_command, "a new folder, removed at the end");
  std::string data;
  verify_command->add_option("--data", data, "data directory")->required();
  if (argc > 1 && argv[1][0] != '-' && !is_command(program, argv[1]))
    return report_unknown_command(program, argv[1]);
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& refused) {
    return program.exit(refused) == EXIT_SUCCESS ? EXIT_SUCCESS : exit_usage;
  }

  if (version_command->parsed()) {
    std::cout << "sugangd " SUGANG_VERSION "\n";
    return EXIT_SUCCESS;
  }
  if (verify_command->parsed()) return verify(data);
  if (demo_command->parsed()) return run_demo(line, *demo_command);
  if (check_command->parsed()) return check_config(line.load(*check_command, {}));
  const auto result = line.load(*serve_command, {});
  return result.faults.empty() ? serve(result.config, false, false) : report_faults(result);
}
