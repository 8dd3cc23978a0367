// Each dependency cut off after every byte of what it answers, stalled there, and lying in every place of it: our side
// ends within its limit, and an error names the dependency. PEER_STRIDE is the step between the bytes after which a
// peer is cut off or stalls; 1 takes all of them.
#include <catch2/catch.hpp>

#include <algorithm>

#include "codehelper/agents/model_server.hpp"
#include "codehelper/execute/command_runner.hpp"
#include "codehelper/index/chroma_store.hpp"
#include "codehelper/index/embedding_server.hpp"
#include "codehelper/jobs/kubernetes_ingest_jobs.hpp"
#include "support/attacked_peer.hpp"
#include "support/fake_vector_store.hpp"
#include "support/model_double.hpp"
#include "support/stride.hpp"
#include "support/temporary_directory.hpp"

namespace codehelper::test {
namespace {

constexpr std::chrono::milliseconds kLimit{60};
constexpr std::chrono::seconds kSlack{5};  // of a busy machine

struct Dependency {
  std::string name;
  std::vector<std::string> names;  // one of them, or the address, is in every error
  AttackedPeer::GoodAnswer good;
  std::function<Result<void>(EventLoop& loop, const std::string& url)> ask;
};

Result<void> forget_value(const auto& result) {
  if (!result) return std::unexpected(result.error());
  return {};
}

std::unique_ptr<HttpClient> connect(EventLoop& loop, const std::string& url) {
  HttpClientOptions options;
  options.base_url = url;
  return HttpClient::make(loop, std::move(options)).value();
}

std::optional<std::string> answer_as_chroma(const std::string& line) {
  if (line.starts_with("GET") && line.contains("/count")) return "1";
  if (line.starts_with("GET")) {
    return R"({"id":"u","name":"n","configuration_json":{"hnsw":{"space":"cosine"}},"metadata":{"format":1,)"
           R"("state":"ready","embedder":"two-dimensions","dimension":2,"finished_at":"2026-01-02T03:04:05Z",)"
           R"("revision":"r"}})";
  }
  return R"({"ids":["0123456789abcdef"],"metadatas":[{"path":"a.py","hash":"ab","size_bytes":7,"modified_ns":1,)"
         R"("changed_ns":2,"chunks":1,"written":"w","pending":false}]})";
}

Result<void> ask_chroma(EventLoop& loop, const std::string& url) {
  const auto client = connect(loop, url);
  ChromaOptions options;
  options.call_limit = kLimit;
  const auto store = make_chroma_store(loop, *client, options);
  return forget_value(run_until_done(loop, store->list_files({}, {"/posted", "/some/where"})));
}

constexpr std::string_view kRunResult =
    R"({"exit_code":3,"stdout":"out","stderr":"err","duration_seconds":0.5,"stdout_bytes":9,"stdout_truncated":true,)"
    R"("receipt":{"argv":["pytest"],"cwd":"/p"},"sandbox":{"files":"landlock"}})";

std::optional<std::string> answer_as_runner(const std::string& /*line*/) {
  return std::string(kRunResult);
}
std::optional<std::string> stream_as_runner(const std::string& /*line*/) {
  return fmt::format(
      "event: started\ndata: {{\"run_id\":\"r\"}}\n\nevent: stdout\ndata: {{\"seq\":1,\"data\":\"a\"}}\n\n"
      "event: exit\ndata: {}\n\n",
      kRunResult);
}

Result<void> run_on_runner(EventLoop& loop, const std::string& url, OutputSink on_output) {
  const auto client = connect(loop, url);
  const auto runner = make_remote_runner(*client, kLimit);
  ExecuteRequest request;
  request.project_path = "/p";
  request.command = {"pytest"};
  RunListener listener;
  listener.on_output = std::move(on_output);
  return forget_value(run_until_done(loop, runner->run({}, std::move(request), std::move(listener))));
}

AttackedPeer::GoodAnswer make_model_answer(ModelApi api) {
  return [api](const std::string& line) -> std::optional<std::string> {
    if (line.contains("/v1/models")) return R"({"object":"list","data":[{"id":"m","object":"model"}]})";
    if (line.contains("/api/tags")) return R"({"models":[{"name":"m","model":"m"}]})";
    if (!line.starts_with("POST") || line.contains("/api/show")) return std::nullopt;
    ModelText text(api);
    return text.think("hm").say("It reads ").call("call_1", "grep", R"({"q":"a"})").finish("stop", 5, 7).text();
  };
}

Result<void> ask_model(EventLoop& loop, const std::string& url, ModelApi api) {
  const auto client = connect(loop, url);
  LanguageModelOptions options;
  options.url = url;
  options.model = "m";
  options.api = api;
  options.limits = {kLimit, kLimit, kLimit};
  const auto model = make_language_model(*client, std::move(options)).value();
  ModelRequest request;
  request.messages.push_back({MessageRole::user, "What does it do?"});
  request.tools.push_back({"grep", "Searches.", {{"type", "object"}}});
  return forget_value(run_until_done(loop, model->ask({}, std::move(request), {})));
}

AttackedPeer::GoodAnswer make_embedding_answer(EmbeddingApi api) {
  return [api](const std::string& /*line*/) -> std::optional<std::string> {
    if (api == EmbeddingApi::ollama) return R"({"model":"m","embeddings":[[0.6,0.8]]})";
    return R"({"object":"list","model":"m","data":[{"object":"embedding","index":0,"embedding":[0.6,0.8]}]})";
  };
}

Result<void> ask_embedder(EventLoop& loop, const std::string& url, EmbeddingApi api) {
  const auto client = connect(loop, url);
  EmbeddingServerOptions options;
  options.url = url;
  options.api = api;
  options.model = "m";
  options.limit = kLimit;
  const auto embedder = make_embedding_server(loop, *client, std::move(options)).value();
  return forget_value(run_until_done(loop, embedder->embed({}, TextRole::question, {"one"})));
}

std::optional<std::string> answer_as_kubernetes(const std::string& line) {
  if (line.contains("/log")) return "{\"event\":\"ingest_progress\",\"files_done\":1,\"files_total\":2,\"chunks\":3}\n";
  if (line.contains("/pods")) {
    return R"({"kind":"PodList","items":[{"metadata":{"name":"p-1","creationTimestamp":"2026-01-02T03:04:05Z"},)"
           R"("status":{"phase":"Running","containerStatuses":[{"name":"ingest","state":{"running":{}}}]}}]})";
  }
  if (line.contains("jobs?")) return R"({"kind":"JobList","items":[]})";
  return fmt::format(R"({{"kind":"Job","metadata":{{"name":"{}","uid":"u","labels":{{"a":"b"}}}},)"
                     R"("status":{{"active":1,"startTime":"2026-01-02T03:04:05Z"}}}})",
                     make_job_id("/posted"));
}

Result<void> ask_kubernetes(EventLoop& loop, const std::string& url) {
  TemporaryDirectory folder;
  Metrics metrics;
  FakeVectorStore store;
  KubernetesJobsOptions options;
  options.place.kubeconfig =
      folder.write("kubeconfig",
                   "current-context: t\nclusters:\n- {name: c, cluster: {server: \"" + url +
                       "\"}}\ncontexts:\n- {name: t, context: {cluster: c, user: u}}\nusers:\n- {name: u, user: {}}\n");
  options.limit = kLimit;
  const auto jobs = make_kubernetes_ingest_jobs(loop, metrics, store, std::move(options)).value();
  return forget_value(run_until_done(loop, jobs->status({}, {"/posted", "/some/where"})));
}

const std::vector<Dependency>& dependencies() {
  static const std::vector<Dependency> all{
      {"Chroma", {"Chroma"}, answer_as_chroma, ask_chroma},
      {"the Runner",
       {"Runner"},
       answer_as_runner,
       [](EventLoop& loop, const std::string& url) { return run_on_runner(loop, url, {}); }},
      {"the Runner's stream",
       {"Runner"},
       stream_as_runner,
       [](EventLoop& loop, const std::string& url) {
         return run_on_runner(loop, url, [](OutputStream, std::string_view) {});
       }},
      {"a model of OpenAI's API",
       {"the model", "Ollama", "LLM"},
       make_model_answer(ModelApi::openai),
       [](EventLoop& loop, const std::string& url) { return ask_model(loop, url, ModelApi::openai); }},
      {"a model of Ollama",
       {"the model", "Ollama", "LLM"},
       make_model_answer(ModelApi::ollama),
       [](EventLoop& loop, const std::string& url) { return ask_model(loop, url, ModelApi::ollama); }},
      {"an embedder of OpenAI's API",
       {"embedding server"},
       make_embedding_answer(EmbeddingApi::openai),
       [](EventLoop& loop, const std::string& url) { return ask_embedder(loop, url, EmbeddingApi::openai); }},
      {"an embedder of Ollama",
       {"embedding server"},
       make_embedding_answer(EmbeddingApi::ollama),
       [](EventLoop& loop, const std::string& url) { return ask_embedder(loop, url, EmbeddingApi::ollama); }},
      {"Kubernetes", {"Kubernetes"}, answer_as_kubernetes, ask_kubernetes},
  };
  return all;
}

bool names_peer(std::string_view message, const Dependency& dependency, std::string_view address) {
  const auto is_in = [&](const std::string& name) { return message.contains(name); };
  return message.contains(address) || std::ranges::any_of(dependency.names, is_in);
}

/// Asks once under an attack that `prepare` arms, and checks what holds whatever the attack.
Result<void> ask_attacked(const Dependency& dependency, const std::function<void(AttackedPeer&)>& prepare) {
  EventLoop loop{1};
  AttackedPeer peer(loop, dependency.good);
  prepare(peer);
  const auto begin = std::chrono::steady_clock::now();
  auto outcome = dependency.ask(loop, peer.url());
  CHECK(std::chrono::steady_clock::now() - begin < kLimit * 4 + kSlack);
  if (outcome) return outcome;
  INFO(outcome.error().message);
  CHECK(outcome.error().code != ErrorCode::internal);
  CHECK(names_peer(outcome.error().message, dependency, peer.url().substr(std::string_view("http://").size())));
  return outcome;
}

struct Conversation {
  std::vector<std::string> bodies;
  std::size_t bytes = 0;
};

Conversation record(const Dependency& dependency) {
  EventLoop loop{1};
  AttackedPeer peer(loop, dependency.good);
  const auto outcome = dependency.ask(loop, peer.url());
  INFO(dependency.name << ": " << (outcome ? "" : outcome.error().message));
  REQUIRE(outcome);
  return {peer.bodies(), peer.sent_bytes()};
}

/// A stall takes as long as the call's limit, a cut a few milliseconds.
constexpr std::size_t kStallStride = 41;
constexpr std::size_t kCutStride = 5;

std::vector<Lie> find_lies(const Conversation& conversation) {
  const std::vector<std::string> texts{"null",
                                       "true",
                                       "-1",
                                       "1e400",
                                       "18446744073709551615",
                                       "\"\"",
                                       "\"\xff\xc0\"",
                                       "\"\\u0000\"",
                                       "[]",
                                       "{}",
                                       "[[0]]",
                                       std::string(100'000, '['),
                                       "\"" + std::string(100'000, 'x') + "\""};
  std::vector<Lie> lies;
  for (std::size_t answer = 0; answer < conversation.bodies.size(); ++answer) {
    const auto lines = cut_lines(conversation.bodies[answer]);
    for (std::size_t line = 0; line < lines.size(); ++line) {
      const std::size_t begin = find_object(lines[line]);
      if (begin == std::string::npos) continue;
      std::vector<std::string> pointers;
      collect_pointers(boost::json::parse(lines[line].substr(begin)), "", pointers);
      for (const std::string& pointer : pointers) {
        for (const std::string& text : texts) lies.push_back({answer, line, pointer, text});
      }
    }
  }
  return lies;
}

}  // namespace

TEST_CASE("hostile peers: cut off after any byte, the call fails and says who did it") {
  const Dependency& dependency = GENERATE(from_range(dependencies()));
  const Conversation whole = record(dependency);

  for (std::size_t byte = 0; byte < whole.bytes; byte += find_stride("PEER_STRIDE", kCutStride)) {
    INFO(dependency.name << " cut after byte " << byte << " of " << whole.bytes);
    const auto outcome =
        ask_attacked(dependency, [&](AttackedPeer& peer) { peer.attack(AttackedPeer::Attack::cut, byte); });
    CHECK((byte != 0 || !outcome));
  }
}

TEST_CASE("hostile peers: stalled after any byte, the call ends within its limit and says who did it") {
  const Dependency& dependency = GENERATE(from_range(dependencies()));
  const Conversation whole = record(dependency);

  for (std::size_t byte = 0; byte < whole.bytes; byte += find_stride("PEER_STRIDE", kStallStride)) {
    INFO(dependency.name << " stalls after byte " << byte << " of " << whole.bytes);
    const auto outcome =
        ask_attacked(dependency, [&](AttackedPeer& peer) { peer.attack(AttackedPeer::Attack::stall, byte); });
    CHECK((byte != 0 || !outcome));
  }
}

TEST_CASE("hostile peers: with a lie in any place of any answer the call ends, and an error says who told it") {
  const Dependency& dependency = GENERATE(from_range(dependencies()));
  const Conversation whole = record(dependency);
  const std::vector<Lie> lies = find_lies(whole);
  REQUIRE(lies.size() > 20);

  for (const Lie& lie : lies) {
    INFO(dependency.name << ": " << lie.text.substr(0, 30) << " at " << lie.pointer << ", line " << lie.line
                         << " of answer " << lie.answer);
    static_cast<void>(ask_attacked(dependency, [&](AttackedPeer& peer) { peer.lie(lie); }));
  }
}

TEST_CASE("hostile peers: a wrong length is told, whatever it is") {
  const Dependency& dependency = GENERATE(from_range(dependencies()));
  const std::string length =
      GENERATE("Content-Length: 100000\r\n", "Content-Length: 99999999999999999999\r\n", "Content-Length: -1\r\n",
               "Content-Length: 5\r\nContent-Length: 6\r\n", "Transfer-Encoding: chunked\r\n");
  INFO(dependency.name << ": " << length);

  const auto outcome = ask_attacked(dependency, [&](AttackedPeer& peer) { peer.say_length(length); });

  CHECK_FALSE(outcome);
}

}  // namespace codehelper::test
