#include "codehelper/index/embedding_server.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

#include "codehelper/base/json_fields.hpp"
#include "codehelper/base/text.hpp"
#include "embedding_answers.hpp"
#include "embedding_model.hpp"

namespace codehelper {
namespace {

using Kind = EmbeddingFailure::Kind;
using Vectors = std::vector<Embedding>;
using Outcome = std::expected<Vectors, EmbeddingFailure>;

constexpr double kWeight = 1;  // as much as the words: shared/retrieval.md section 7
constexpr std::size_t kBatch = 32;
constexpr std::chrono::milliseconds kQuestionLimit{10'000};
constexpr std::chrono::milliseconds kFirstPause{250};
constexpr std::chrono::milliseconds kLongestPause{5'000};
/// A text that is refused is cut to the half, until this little is left of it.
constexpr std::size_t kShortestCut = 256;
constexpr std::string_view kPlainText = "text";  // which no server can refuse

/// Where OpenAI's API is below the base URL.
std::string openai_target(const Url& url, std::string_view call) {
  const bool names_version = (url.path + "/").contains("/v1/");
  return fmt::format("{}/{}", names_version ? "" : "/v1", call);
}

class EmbeddingServer final : public Embedder {
 public:
  EmbeddingServer(EventLoop& loop, HttpClient& client, Url url, EmbeddingServerOptions options)
      : loop_(loop),
        client_(client),
        model_name_(std::move(options.model)),
        model_(find_embedding_model(model_name_)),
        limit_(options.limit),
        openai_target_(openai_target(url, "embeddings")),
        api_(options.api) {
    if (options.passage_prefix) model_.passage_prefix = *options.passage_prefix;
    if (options.question_prefix) model_.question_prefix = *options.question_prefix;
    if (api_ == EmbeddingApi::automatic && openai_target_ == "/embeddings") api_ = EmbeddingApi::openai;
  }

  std::string identity() const override {
    if (model_.passage_prefix.empty() && model_.question_prefix.empty()) return model_.name;
    return fmt::format("{} [{}|{}]", model_.name, model_.passage_prefix, model_.question_prefix);
  }

  double weight() const override { return kWeight; }

  Task<Result<std::size_t>> find_dimension(RequestContext context) override {
    if (dimension_ != 0) co_return dimension_;
    auto vectors = co_await embed(std::move(context), TextRole::passage, {std::string(kPlainText)});
    if (!vectors) co_return std::unexpected(vectors.error());
    co_return dimension_;
  }

  Task<Result<Vectors>> embed(RequestContext context, TextRole role, std::vector<std::string> texts) override {
    prepare(role, texts);
    const auto limit = role == TextRole::question ? std::min(limit_, kQuestionLimit) : limit_;
    Vectors vectors;
    vectors.reserve(texts.size());
    for (std::size_t begin = 0; begin < texts.size(); begin += kBatch) {
      const std::span<std::string> batch(texts.data() + begin, std::min(kBatch, texts.size() - begin));
      const RequestContext limited = context.with_deadline(Deadline::after(limit));
      auto embedded = co_await embed_batch(limited, role, batch);
      if (!embedded) co_return std::unexpected(embedded.error().error);
      std::ranges::move(*embedded, std::back_inserter(vectors));
    }
    // Texts without a word were not sent.
    for (Embedding& vector : vectors) vector.resize(dimension_, 0.0F);
    co_return vectors;
  }

 private:
  /// Adds the prefix and cuts; a blank text becomes an empty one.
  void prepare(TextRole role, std::vector<std::string>& texts) const {
    const std::string& prefix = role == TextRole::question ? model_.question_prefix : model_.passage_prefix;
    for (std::string& text : texts) {
      if (text.find_first_not_of(" \t\r\n") == std::string::npos) {
        text.clear();
        continue;
      }
      text.insert(0, prefix);
      text = to_valid_utf8(text);
      cut(text, model_.max_bytes);
    }
  }

  static void cut(std::string& text, std::size_t bytes) {
    text.resize(character_border(text, std::min(bytes, text.size())));
  }

  /// A refusal is a text's fault only when the server embeds another one.
  Task<Outcome> embed_batch(RequestContext context, TextRole role, std::span<std::string> texts) {
    auto whole = co_await ask_for_words(context, role, texts);
    if (whole || whole.error().kind != Kind::refused) co_return whole;
    const std::vector<std::string> plain{std::string(kPlainText)};
    auto probed = co_await ask(context, role, plain);
    if (!probed) co_return probed;
    co_return co_await embed_apart(context, role, texts, std::move(whole.error()));
  }

  /// Halves what was refused until the bad text is alone, and that until it is taken.
  Task<Outcome> embed_apart(RequestContext context, TextRole role, std::span<std::string> texts,
                            EmbeddingFailure failure) {
    if (texts.size() == 1) {
      std::string& text = texts.front();
      if (text.size() <= kShortestCut) {
        context.log.warning("text_not_embedded", {{"bytes", text.size()}, {"cause", failure.error.message}});
        co_return Vectors(1);
      }
      cut(text, std::max(text.size() / 2, kShortestCut));
      co_return co_await ask_or_part(context, role, texts);
    }
    Vectors vectors;
    const std::size_t middle = texts.size() / 2;
    for (const auto half : {texts.first(middle), texts.subspan(middle)}) {
      auto part = co_await ask_or_part(context, role, half);
      if (!part) co_return part;
      std::ranges::move(*part, std::back_inserter(vectors));
    }
    co_return vectors;
  }

  Task<Outcome> ask_or_part(RequestContext context, TextRole role, std::span<std::string> texts) {
    auto outcome = co_await ask_for_words(context, role, texts);
    if (outcome || outcome.error().kind != Kind::refused) co_return outcome;
    co_return co_await embed_apart(context, role, texts, std::move(outcome.error()));
  }

  /// Empty vectors for empty texts: Ollama answers them with none.
  Task<Outcome> ask_for_words(RequestContext context, TextRole role, std::span<const std::string> texts) {
    std::vector<std::string> sent;
    std::ranges::copy_if(texts, std::back_inserter(sent), [](const std::string& text) { return !text.empty(); });
    if (sent.empty()) co_return Vectors(texts.size());
    auto got = co_await ask(std::move(context), role, std::move(sent));
    if (!got) co_return got;
    Vectors vectors(texts.size());
    auto next = got->begin();
    for (std::size_t i = 0; i < texts.size(); ++i) {
      if (!texts[i].empty()) vectors[i] = std::move(*next++);
    }
    co_return vectors;
  }

  Task<Outcome> ask(RequestContext context, TextRole role, std::vector<std::string> texts) {
    std::chrono::milliseconds pause = kFirstPause;
    std::optional<EmbeddingFailure> earlier;
    while (true) {
      auto outcome = co_await ask_once(context, texts);
      // That the time is over says less than what took it.
      const bool is_late = !outcome && outcome.error().error.code == ErrorCode::timeout && earlier;
      if (is_late) co_return std::unexpected(std::move(*earlier));
      const bool may_pass = !outcome && outcome.error().kind == Kind::passing && role == TextRole::passage;
      if (!may_pass) co_return outcome;
      const auto wait = std::max(pause, outcome.error().pause);
      if (wait >= context.deadline.remaining()) co_return outcome;
      context.log.warning("embedding_repeated", {{"cause", outcome.error().error.message}, {"pause_ms", wait.count()}});
      const auto slept = co_await sleep_for(wait);
      if (!slept) co_return std::unexpected(EmbeddingFailure{Kind::hopeless, slept.error()});
      earlier = std::move(outcome.error());
      pause = std::min(2 * pause, kLongestPause);
    }
  }

  Task<Outcome> ask_once(RequestContext context, const std::vector<std::string>& texts) {
    auto api = co_await find_api(context);
    if (!api) co_return std::unexpected(std::move(api.error()));
    HttpCall call;
    call.method = "POST";
    call.target = *api == EmbeddingApi::ollama ? "/api/embed" : openai_target_;
    call.headers.set("Content-Type", "application/json");
    call.body = make_embedding_request(*api, model_name_, texts);
    call.limit = limit_;
    call.safe_to_repeat = true;
    auto answer = co_await client_.call(std::move(context), std::move(call));
    auto read = [answer = std::move(answer), kind = *api, &model = model_name_, count = texts.size()] {
      return read_embeddings(kind, answer, model, count);
    };
    auto outcome = co_await loop_.run_blocking(std::move(read));
    if (!outcome) co_return outcome;
    const std::size_t dimension = outcome->front().size();
    if (dimension_ == 0) dimension_ = dimension;
    if (dimension == dimension_) co_return outcome;
    co_return std::unexpected(EmbeddingFailure{
        Kind::hopeless,
        {ErrorCode::bad_answer,
         fmt::format(
             "the embedding server's vectors had {} dimensions and now have {}: is {} another model now? Restart, "
             "and index again (POST /project with \"reindex\": true)",
             dimension_, dimension, model_name_)},
        {}});
  }

  /// Which API it has, asked once.
  Task<std::expected<EmbeddingApi, EmbeddingFailure>> find_api(RequestContext context) {
    if (api_ != EmbeddingApi::automatic) co_return api_;
    HttpCall call;
    call.target = "/api/version";
    call.limit = limit_;
    auto answer = co_await client_.call(std::move(context), std::move(call));
    const bool is_there = answer && answer->status / 100 != 5;
    if (!is_there) {
      auto failed = read_embeddings(EmbeddingApi::ollama, answer, model_name_, 0);
      co_return std::unexpected(std::move(failed.error()));
    }
    const auto body = parse_json_object(answer->body);
    const bool is_ollama = answer->status == 200 && body && !text_in(*body, "version").empty();
    api_ = is_ollama ? EmbeddingApi::ollama : EmbeddingApi::openai;
    co_return api_;
  }

  EventLoop& loop_;
  HttpClient& client_;
  std::string model_name_;  // as the server has it
  EmbeddingModel model_;
  std::chrono::milliseconds limit_;
  std::string openai_target_;
  EmbeddingApi api_;
  std::size_t dimension_ = 0;  // 0 = not known yet
};

}  // namespace

Result<std::unique_ptr<Embedder>> make_embedding_server(EventLoop& loop, HttpClient& client,
                                                        EmbeddingServerOptions options) {
  auto url = parse_url(options.url);
  if (!url) return std::unexpected(url.error());
  return std::make_unique<EmbeddingServer>(loop, client, std::move(*url), std::move(options));
}

Task<Result<void>> check_embedding_server(RequestContext context, HttpClient& client, std::string url,
                                          std::chrono::milliseconds limit) {
  const auto parsed = parse_url(url);
  if (!parsed) co_return std::unexpected(parsed.error());
  HttpCall call;
  call.target = openai_target(*parsed, "models");
  call.limit = limit;
  const auto answer = co_await client.call(std::move(context), std::move(call));
  if (!answer) co_return std::unexpected(answer.error());
  // Some servers embed and have no list.
  if (answer->status / 100 == 2 || answer->status == 404) co_return Result<void>{};
  co_return fail(ErrorCode::bad_answer,
                 fmt::format("the embedding server refuses to list its models with status {}", answer->status));
}

}  // namespace codehelper
