// The table of modes: which processes and clients this executable can be.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "codehelper/base/config.hpp"

namespace CLI {
class App;
}

namespace codehelper {

/// What the command line says beside settings; each mode fills and reads its own part.
struct Arguments {
  std::string path = ".";             // index, ingest, dev, mcp: the project
  std::string text;                   // chat: the message; search: the question; token: the name
  std::vector<std::string> command;   // run-tests: the command; empty = the project's usual one
  std::string project;                // clients, doctor: the project's path; empty = the server's current one, or all
  std::vector<std::string> files;     // why: which
  std::vector<std::string> attached;  // chat: files
  std::string conversation;           // chat: goes on with it; empty = a new one
  std::string action;                 // project: set, status, cancel, reindex
  std::string scopes;                 // token: with commas between them
  std::string shell;                  // completion: bash, zsh, fish
  std::int64_t limit = 10;            // search: hits
  bool json = false;                  // print JSON
  bool continues = false;             // chat: goes on with the last conversation
  bool wait = false;                  // project: until the index is made
  bool listen = false;                // ingest: serve /health, /metrics and /progress meanwhile
  bool from_scratch = false;          // ingest: forget the earlier index first
  bool plan = false;                  // ingest: only say what would be indexed
  bool check_index = false;           // doctor: read the indexes instead of asking the servers
  bool refresh = false;               // ingest: the index stays ready meanwhile
};

struct ModeDescription {
  Mode mode;
  std::string_view name;
  std::string_view summary;
  void (*add_arguments)(CLI::App& app, Arguments& arguments);
  int (*run)(const Config& config, const Arguments& arguments);  // returns the exit status
};

inline constexpr int kExitDone = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitInterrupted = 130;  // as a shell tells SIGINT

/// "codehelper <name>: <message>" on standard error; returns kExitFailed.
int fail_mode(std::string_view name, const Error& error);

int run_serve_api(const Config& config, const Arguments& arguments);
int run_serve_runner(const Config& config, const Arguments& arguments);
int run_index(const Config& config, const Arguments& arguments);
int run_ingest(const Config& config, const Arguments& arguments);
int run_why(const Config& config, const Arguments& arguments);
int run_project(const Config& config, const Arguments& arguments);
int run_completion(const Config& config, const Arguments& arguments);
int run_token(const Config& config, const Arguments& arguments);
int run_man(const Config& config, const Arguments& arguments);
int run_dev(const Config& config, const Arguments& arguments);
int run_chat(const Config& config, const Arguments& arguments);
int run_run_tests(const Config& config, const Arguments& arguments);
int run_doctor(const Config& config, const Arguments& arguments);
int run_mcp(const Config& config, const Arguments& arguments);
int run_search(const Config& config, const Arguments& arguments);

}  // namespace codehelper
