// Every setting there is: flag, then environment, then default; an empty value counts as unset. Parsed once at start;
// all faults are reported together. The table of settings also makes --help and is checked against deploy/CONFIG.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "codehelper/base/error.hpp"
#include "codehelper/base/log.hpp"

namespace codehelper {

enum class Mode : unsigned {
  serve_api = 1,
  serve_runner = 2,
  ingest = 4,
  dev = 8,
  chat = 16,
  run_tests = 32,
  search = 64,
  doctor = 128,
  project = 256,
  why = 512,
  reference = 1024,  // tells about the program itself; no setting applies
  mcp = 2048,
};

struct ListenConfig {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  std::string token;  // bearer token that callers must show; empty = none
  std::chrono::seconds drain{30};
  unsigned max_connections = 20'000;            // fewer where the descriptors don't suffice
  std::optional<unsigned> address_connections;  // of one address; nothing = half of them, 0 = no limit
  std::optional<unsigned> rate_limit;           // requests a second of one caller; nothing = 100, 0 = no limit
};

struct ApiConfig {
  std::string runner_url = "http://runner:8080";
  bool runner_url_is_set = false;  // by flag or environment; dev uses its own Runner otherwise
  std::string runner_token;
  bool validate_dependencies = false;
  std::chrono::seconds runner_limit{60};
  std::chrono::seconds readiness_limit{5};
};

struct LlmConfig {
  std::string url;  // empty = no model
  std::string health_path = "/";
  std::string model;  // empty = the server's first
  std::string api_key;
  std::string api = "auto";     // or ollama, openai
  unsigned context_tokens = 0;  // 0 = what the server says
  std::chrono::seconds limit{300};
  std::chrono::seconds first_limit{120};
  std::chrono::seconds token_limit{60};
};

enum class IngestBackend { automatic, local, kubernetes };

struct JobsConfig {
  IngestBackend backend = IngestBackend::automatic;  // kubernetes in a pod or when KUBECONFIG is set, else local
  std::string kubeconfig;                            // files, with ':' between them; empty when KUBECONFIG is unset
  std::string home_kubeconfig;                       // where kubectl looks then; empty without a HOME
  std::string service_host;                          // of the cluster's API, set by the kubelet
  std::string service_port;
  std::string job_namespace;  // empty = the account's, else the context's, else code-helper
  std::string image = "code-helper-ingest";
  std::filesystem::path template_file;  // empty = the built-in one
  std::chrono::seconds kubernetes_limit{10};
};

struct RunnerConfig {
  std::filesystem::path allowed_root = "/tmp";
  bool allowed_root_is_set = false;  // by flag or environment; serve-api checks projects against it only then
  std::vector<std::string> executables = {"pytest", "npm",   "npx",   "cargo", "go",  "python", "python3",
                                          "node",   "ctest", "cmake", "make",  "mvn", "gradle"};
  unsigned parallel = 4;  // runs at once; more wait
  unsigned queue = 256;   // waiting at once; more are refused

  std::string sandbox = "required";               // or auto, off
  std::string network = "loopback";               // or none, full, on-request
  std::vector<std::string> sandbox_without;       // names of mechanisms
  std::vector<std::filesystem::path> read_paths;  // absolute
  std::vector<std::string> passed_variables;      // a name may end in *
  std::filesystem::path cache_dir;                // empty = none
  std::filesystem::path copy_dir;                 // empty = by cache_dir
  std::uint64_t copy_max_bytes = std::uint64_t{4} << 30;
  unsigned copy_max_files = 200'000;
  std::uint64_t memory_max_bytes = 0;  // 0 = by the machine
  std::uint64_t file_max_bytes = std::uint64_t{4} << 30;
  std::uint64_t output_max_bytes = std::uint64_t{1} << 30;
  unsigned tasks_max = 512;
  unsigned open_files_max = 65'536;
};

struct IndexConfig {
  std::filesystem::path data_dir;  // embedded store and state
  std::uint64_t max_file_bytes = 1024 * 1024;
  std::string chroma_url;  // empty = the embedded store
  std::chrono::seconds chroma_limit{30};
  std::chrono::seconds chroma_write_limit{120};
  std::chrono::seconds chroma_patience{120};  // of an ingest
  unsigned shards = 1;                        // ingests that share the work on one project
  unsigned shard = 0;                         // from 0
  std::string run_id;
};

struct EmbedConfig {
  std::string url;  // empty = the built-in embedder
  std::string model = "nomic-embed-text";
  std::string api = "auto";  // or ollama, openai
  std::string api_key;
  std::optional<std::string> document_prefix;  // nothing = as the model's family wants it
  std::optional<std::string> query_prefix;
  std::chrono::seconds limit{60};  // of 32 texts
};

// The first provider that is set is asked.
struct WebConfig {
  std::string tavily_key;
  std::string tavily_url = "https://api.tavily.com";
  std::string serper_key;
  std::string serper_url = "https://google.serper.dev";
  std::string searxng_url;
  std::chrono::seconds limit{30};
};

struct ClientConfig {
  std::string api_url = "http://localhost:8000";
  std::string token;
};

struct Config {
  ListenConfig listen;
  ApiConfig api;
  LlmConfig llm;
  JobsConfig jobs;
  RunnerConfig runner;
  IndexConfig index;
  EmbedConfig embed;
  WebConfig web;
  ClientConfig client;
  LogLevel log_level = LogLevel::info;
  bool log_level_is_set = false;
};

using StringMap = std::map<std::string, std::string, std::less<>>;

struct Setting {
  std::string_view name;          // environment variable
  std::string_view alias;         // a second name of the variable, or empty; the first one set wins
  std::string_view flag;          // without dashes; empty when there is none
  unsigned modes = 0;             // bits of Mode
  std::string_view default_text;  // for people
  std::string_view meaning;
  std::string (*apply)(Config& config, const std::string& value) = nullptr;  // returns the fault, empty when fine
  std::string_view kind = {};  // of value, for completion: "DIR", "FILE", "a|b|c"; empty = free text

  bool applies_to(Mode mode) const { return (modes & static_cast<unsigned>(mode)) != 0; }
};

std::span<const Setting> settings();

/// The environment of this process.
StringMap load_environment();

/// Pure. `flags` holds what was given on the command line, by flag name without dashes. Errors: invalid_input with all
/// faults, one a line; an unknown variable that begins with CODEHELPER_ is a fault that names the nearest one.
Result<Config> parse_config(Mode mode, const StringMap& flags, const StringMap& environment);

}  // namespace codehelper
