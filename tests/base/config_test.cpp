#include "codehelper/base/config.hpp"

#include <catch2/catch.hpp>

#include <sstream>

using namespace codehelper;

namespace {

const StringMap kHome{{"HOME", "/home/someone"}};

StringMap with(StringMap environment, const std::string& name, const std::string& value) {
  environment[name] = value;
  return environment;
}

}  // namespace

TEST_CASE("config: defaults are those of the mode") {
  const auto api = parse_config(Mode::serve_api, {}, kHome);
  const auto runner = parse_config(Mode::serve_runner, {}, {});

  REQUIRE(api);
  CHECK(api->listen.port == 8000);
  CHECK(api->listen.drain == std::chrono::seconds(30));
  CHECK(api->index.data_dir == "/home/someone/.local/share/codehelper");
  REQUIRE(runner);
  CHECK(runner->listen.port == 8080);
  CHECK(runner->listen.drain == std::chrono::seconds(60));
  CHECK(runner->runner.allowed_root == "/tmp");
}

TEST_CASE("config: a flag wins over the environment, which wins over the default") {
  const StringMap environment = with(kHome, "CODEHELPER_PORT", "9001");

  CHECK(parse_config(Mode::serve_api, {{"port", "9002"}}, environment)->listen.port == 9002);
  CHECK(parse_config(Mode::serve_api, {}, environment)->listen.port == 9001);
}

TEST_CASE("config: an empty value counts as unset") {
  const StringMap environment = with(with(kHome, "RUNNER_URL", ""), "RUNNER_SERVICE_URL", "http://alias:1");

  CHECK(parse_config(Mode::serve_api, {{"port", ""}}, environment)->listen.port == 8000);
  CHECK(parse_config(Mode::serve_api, {}, environment)->api.runner_url == "http://alias:1");
}

TEST_CASE("config: all faults are reported together") {
  StringMap environment = with(kHome, "CODEHELPER_PORT", "70000");
  environment["CODEHELPER_DRAIN_SECONDS"] = "soon";
  environment["CODEHELPER_LOG_LEVEL"] = "loud";

  const auto config = parse_config(Mode::serve_api, {}, environment);

  REQUIRE_FALSE(config);
  CHECK(config.error().code == ErrorCode::invalid_input);
  CHECK_THAT(config.error().message, Catch::Contains("CODEHELPER_PORT: \"70000\" must be a port"));
  CHECK_THAT(config.error().message, Catch::Contains("CODEHELPER_DRAIN_SECONDS: \"soon\" must be a whole number"));
  CHECK_THAT(config.error().message, Catch::Contains("CODEHELPER_LOG_LEVEL: \"loud\" must be debug"));
}

TEST_CASE("config: an unknown CODEHELPER_ variable is refused with the nearest name") {
  const auto config = parse_config(Mode::search, {}, {{"CODEHELPER_LOGLEVEL", "info"}});

  REQUIRE_FALSE(config);
  CHECK(config.error().message == "unknown variable CODEHELPER_LOGLEVEL; did you mean CODEHELPER_LOG_LEVEL?");
}

TEST_CASE("config: a setting of another mode is accepted and not read") {
  const auto config = parse_config(Mode::search, {}, {{"CODEHELPER_PORT", "no port"}});

  CHECK(config);
}

TEST_CASE("config: in dev the Runner's token counts where no API token is set") {
  const StringMap environment = with(kHome, "CODEHELPER_RUNNER_TOKEN", "r");

  CHECK(parse_config(Mode::dev, {}, environment)->listen.token == "r");
  CHECK(parse_config(Mode::dev, {}, with(environment, "CODEHELPER_API_TOKEN", "a"))->listen.token == "a");
  CHECK(parse_config(Mode::serve_api, {}, environment)->listen.token.empty());
}

TEST_CASE("config: where only this machine reaches a server") {
  for (const char* near : {"127.0.0.1", "127.1.2.3", "::1", "0:0:0:0:0:0:0:1", "localhost"}) CHECK(is_loopback(near));
  for (const char* far : {"0.0.0.0", "::", "192.168.0.1", "127.evil.example", "127.0.0.1.evil.example", "", "host"}) {
    CHECK_FALSE(is_loopback(far));
  }
}

TEST_CASE("config: a server that others reach needs a token, or the word that it is meant to be open") {
  const StringMap open = with(kHome, "CODEHELPER_HOST", "0.0.0.0");

  const auto refused = parse_config(Mode::serve_api, {}, open);

  REQUIRE_FALSE(refused);
  CHECK_THAT(refused.error().message,
             Catch::Contains("CODEHELPER_API_TOKEN") && Catch::Contains("CODEHELPER_ALLOW_OPEN=yes"));
  CHECK(parse_config(Mode::serve_api, {}, with(open, "CODEHELPER_API_TOKEN", "t")));
  CHECK(parse_config(Mode::serve_api, {}, with(open, "CODEHELPER_TOKENS_FILE", "/t")));
  CHECK(parse_config(Mode::serve_api, {{"allow-open", "yes"}}, open));
  CHECK_FALSE(parse_config(Mode::serve_runner, {}, with(open, "CODEHELPER_API_TOKEN", "t")));
  CHECK(parse_config(Mode::serve_runner, {}, with(open, "CODEHELPER_RUNNER_TOKEN", "t")));
  CHECK(parse_config(Mode::ingest, {}, open));
}

TEST_CASE("config: what is no URL is told with all other faults, without its password") {
  const auto refused = parse_config(
      Mode::serve_api, {},
      {{"HOME", "/home/me"}, {"LLM_URL", "foo"}, {"RUNNER_URL", "ftp://me:hush-hush@x"}, {"CODEHELPER_PORT", "abc"}});

  REQUIRE_FALSE(refused);
  CHECK_THAT(refused.error().message, Catch::Contains("LLM_URL") && Catch::Contains("RUNNER_URL") &&
                                          Catch::Contains("CODEHELPER_PORT") && !Catch::Contains("hush-hush"));
  for (const char* url : {"http://", "http:///path", "://x", "https:/x"}) {
    CHECK_FALSE(parse_config(Mode::serve_api, {}, with(kHome, "LLM_URL", url)));
  }
  CHECK(parse_config(Mode::serve_api, {}, with(kHome, "LLM_URL", "HTTPS://model:8443/v1")));
}

TEST_CASE("config: names of hosts are taken without scheme and port") {
  const auto named = parse_config(Mode::serve_api, {}, with(kHome, "CODEHELPER_ALLOWED_HOSTS", "A.example, b"));

  REQUIRE(named);
  CHECK(named->listen.allowed_hosts == std::vector<std::string>{"a.example", "b"});
  CHECK_FALSE(parse_config(Mode::serve_api, {}, with(kHome, "CODEHELPER_ALLOWED_HOSTS", "a.example:80")));
  CHECK_FALSE(parse_config(Mode::serve_api, {}, with(kHome, "CODEHELPER_ALLOWED_HOSTS", "http://a.example")));
}

TEST_CASE("config: who searches the web, and how long it may take") {
  const auto config = parse_config(Mode::serve_api, {},
                                   {{"HOME", "/home/me"},
                                    {"TAVILY_API_KEY", "t"},
                                    {"SERPER_API_KEY", "s"},
                                    {"SEARXNG_URL", "http://search:8080"},
                                    {"SERPER_URL", "http://serper"},
                                    {"CODEHELPER_WEB_SECONDS", "7"}});

  REQUIRE(config);
  CHECK(config->web.tavily_key == "t");
  CHECK(config->web.tavily_url == "https://api.tavily.com");
  CHECK(config->web.serper_key == "s");
  CHECK(config->web.serper_url == "http://serper");
  CHECK(config->web.searxng_url == "http://search:8080");
  CHECK(config->web.limit == std::chrono::seconds(7));
}

TEST_CASE("config: an embedding server, and what its model wants before a text") {
  const auto config = parse_config(Mode::ingest, {},
                                   {{"HOME", "/home/me"},
                                    {"EMBED_URL", "http://localhost:11434"},
                                    {"EMBED_API", "Ollama"},
                                    {"EMBED_API_KEY", "key"},
                                    {"EMBED_QUERY_PREFIX", "question: "},
                                    {"EMBED_DOCUMENT_PREFIX", "none"}});

  REQUIRE(config);
  CHECK(config->embed.url == "http://localhost:11434");
  CHECK(config->embed.model == "nomic-embed-text");
  CHECK(config->embed.api == "ollama");
  CHECK(config->embed.api_key == "key");
  CHECK(config->embed.query_prefix == "question: ");
  CHECK(config->embed.document_prefix == "");
  CHECK_FALSE(parse_config(Mode::ingest, {}, kHome)->embed.query_prefix);
  CHECK_FALSE(parse_config(Mode::ingest, {}, with(kHome, "EMBED_API", "chroma")));
}

TEST_CASE("config: where indexes are made, and what the cluster tells") {
  const auto config = parse_config(Mode::serve_api, {},
                                   {{"HOME", "/home/me"},
                                    {"INGEST_BACKEND", "kubernetes"},
                                    {"K8S_NAMESPACE", "team-a"},
                                    {"VECTOR_DB_URL", "http://chroma:8000"},
                                    {"INGEST_SHARDS", "4"},
                                    {"KUBERNETES_SERVICE_HOST", "10.0.0.1"},
                                    {"KUBERNETES_SERVICE_PORT", "443"}});

  REQUIRE(config);
  CHECK(config->jobs.backend == IngestBackend::kubernetes);
  CHECK(config->jobs.job_namespace == "team-a");
  CHECK(config->jobs.image == "code-helper-ingest");
  CHECK(config->index.shards == 4);
  CHECK(config->jobs.service_host == "10.0.0.1");
  CHECK(config->jobs.service_port == "443");
  CHECK(config->jobs.home_kubeconfig == "/home/me/.kube/config");
  CHECK_FALSE(parse_config(Mode::serve_api, {}, with(kHome, "INGEST_BACKEND", "docker")));
  CHECK_FALSE(parse_config(Mode::serve_api, {}, with(kHome, "K8S_NAMESPACE", "Team_A")));
  CHECK_FALSE(parse_config(Mode::serve_api, {}, with(kHome, "INGEST_SHARDS", "0")));
}

TEST_CASE("config: shards need Chroma, and each is one of them") {
  const StringMap chroma = with(kHome, "CHROMA_URL", "http://chroma:8000");
  const auto lone = parse_config(Mode::ingest, {}, with(kHome, "INGEST_SHARDS", "2"));
  const auto server = parse_config(Mode::serve_api, {}, with(kHome, "INGEST_SHARDS", "2"));
  const auto good = parse_config(Mode::ingest, {{"shard", "1"}}, with(chroma, "INGEST_SHARDS", "2"));
  const auto beyond = parse_config(Mode::ingest, {{"shard", "2"}}, with(chroma, "INGEST_SHARDS", "2"));

  REQUIRE_FALSE(lone);
  CHECK_THAT(lone.error().message, Catch::Contains("VECTOR_DB_URL"));
  CHECK_FALSE(server);
  REQUIRE(good);
  CHECK(good->index.chroma_url == "http://chroma:8000");
  CHECK(good->index.shard == 1);
  REQUIRE_FALSE(beyond);
  CHECK_THAT(beyond.error().message, Catch::Contains("JOB_COMPLETION_INDEX"));
}

TEST_CASE("config: a data directory is needed where indexes are kept") {
  const auto config = parse_config(Mode::ingest, {}, {});

  REQUIRE_FALSE(config);
  CHECK_THAT(config.error().message, Catch::Contains("CODEHELPER_DATA_DIR"));
}

TEST_CASE("config: lists of executables take commas and spaces") {
  const auto config = parse_config(Mode::serve_runner, {{"executables", "python3, node  go"}}, {});

  REQUIRE(config);
  CHECK(config->runner.executables == std::vector<std::string>{"python3", "node", "go"});
}

TEST_CASE("config: sizes take units of 1024, and nonsense is refused") {
  const auto bytes = [](const std::string& text) {
    const auto config = parse_config(Mode::serve_runner, {}, {{"RUNNER_MEMORY_MAX", text}});
    return config ? config->runner.memory_max_bytes : 0;
  };

  CHECK(bytes("512M") == 512ULL << 20);
  CHECK(bytes("4g") == 4ULL << 30);
  CHECK(bytes("2Gi") == 2ULL << 30);
  CHECK(bytes("1048576") == 1ULL << 20);
  for (const char* wrong : {"0", "1K", "-1", "4 G", "G", "1T", "1.5G", "99999999999G", "4GB"}) {
    INFO(wrong);
    CHECK(bytes(wrong) == 0);
  }
}

TEST_CASE("config: a number is taken up to its limits and not beyond") {
  struct Limits {
    Mode mode;
    const char* name;
    long least;
    long most;
  };
  const auto limits = GENERATE(values<Limits>({
      {Mode::serve_api, "CODEHELPER_MAX_CONNECTIONS", 1, 1'000'000},
      {Mode::serve_api, "CODEHELPER_MAX_CONNECTIONS_PER_ADDRESS", 0, 1'000'000},
      {Mode::serve_api, "CODEHELPER_RATE_LIMIT", 0, 1'000'000},
      {Mode::serve_api, "LLM_CONTEXT_TOKENS", 1024, 10'000'000},
      {Mode::ingest, "CODEHELPER_MAX_FILE_BYTES", 1, 1L << 30},
      {Mode::serve_runner, "RUNNER_PARALLEL", 1, 1024},
      {Mode::serve_runner, "RUNNER_QUEUE", 0, 100'000},
      {Mode::serve_runner, "RUNNER_TASKS_MAX", 8, 100'000},
      {Mode::serve_runner, "RUNNER_OPEN_FILES_MAX", 64, 1'000'000},
      {Mode::serve_runner, "RUNNER_COPY_FILES_MAX", 1, 100'000'000},
  }));
  CAPTURE(limits.name);
  const auto refusal = [&limits](const std::string& value) {
    const auto config = parse_config(limits.mode, {}, with(kHome, limits.name, value));
    return config ? std::string() : config.error().message;
  };

  CHECK(refusal(std::to_string(limits.least)).empty());
  CHECK(refusal(std::to_string(limits.most)).empty());
  for (const std::string& value :
       {std::to_string(limits.least - 1), std::to_string(limits.most + 1), std::string("many"),
        std::to_string(limits.most) + "0000000000", std::string("8 ")}) {
    CHECK_THAT(refusal(value), Catch::StartsWith(limits.name + std::string(": \"" + value + "\" must be")));
  }
}

TEST_CASE("config: settings of the sandbox are told apart from nonsense") {
  const auto takes = [](const char* name, const char* value) {
    return parse_config(Mode::serve_runner, {}, {{name, value}}).has_value();
  };

  CHECK(takes("RUNNER_SANDBOX", "required"));
  CHECK(takes("RUNNER_SANDBOX", "OFF"));
  CHECK_FALSE(takes("RUNNER_SANDBOX", "on"));
  CHECK(takes("RUNNER_NETWORK", "on-request"));
  CHECK_FALSE(takes("RUNNER_NETWORK", "internet"));
  CHECK(takes("RUNNER_SANDBOX_WITHOUT", "landlock, seccomp"));
  CHECK_FALSE(takes("RUNNER_SANDBOX_WITHOUT", "landlock apparmor"));
  CHECK(takes("RUNNER_READ_PATHS", "/opt/a:/opt/b"));
  CHECK_FALSE(takes("RUNNER_READ_PATHS", "/opt/a:b"));
}

TEST_CASE("config: caches of runs lie in the data directory unless they are told a place") {
  const auto usual = parse_config(Mode::serve_runner, {{"data-dir", "/data"}}, {});
  const auto told = parse_config(Mode::serve_runner, {{"data-dir", "/data"}, {"cache-dir", "/cache"}}, {});

  CHECK(usual->runner.cache_dir == "/data/runner-cache");
  CHECK(told->runner.cache_dir == "/cache");
}

TEST_CASE("config: the model's settings have the names of OpenAI's clients too") {
  StringMap environment = with(kHome, "OPENAI_BASE_URL", "http://model:1/v1");
  environment["OPENAI_MODEL_NAME"] = "other";
  environment["LLM_MODEL"] = "coder";
  environment["OPENAI_API_KEY"] = "key";
  environment["CODEHELPER_LLM_TOKEN_SECONDS"] = "7";

  const auto config = parse_config(Mode::serve_api, {{"llm-context-tokens", "4096"}}, environment);

  REQUIRE(config);
  CHECK(config->llm.url == "http://model:1/v1");
  CHECK(config->llm.model == "coder");
  CHECK(config->llm.api_key == "key");
  CHECK(config->llm.context_tokens == 4096);
  CHECK(config->llm.token_limit == std::chrono::seconds(7));
  CHECK(config->llm.limit == std::chrono::seconds(300));
  CHECK_FALSE(parse_config(Mode::serve_api, {}, with(kHome, "LLM_API", "anthropic")));
}

TEST_CASE("config: a setting takes each of the choices that it names, and nothing else") {
  for (const Setting& setting : settings()) {
    if (setting.kind.find('|') == std::string_view::npos) continue;
    INFO(setting.name);
    std::istringstream choices{std::string(setting.kind)};
    for (std::string choice; std::getline(choices, choice, '|');) {
      Config config;
      CHECK(setting.apply(config, choice).empty());
    }
    Config config;
    CHECK_FALSE(setting.apply(config, "neither").empty());
  }
}
