#include "codehelper/agents/conversation_store.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <mutex>

#include "codehelper/base/json_fields.hpp"
#include "codehelper/base/secret_text.hpp"
#include "codehelper/base/text.hpp"
#include "conversation_database.hpp"

namespace codehelper {

namespace json = boost::json;

namespace {

constexpr std::size_t kAnswerLimit = 4 * 1024 * 1024;
constexpr std::size_t kResponseLimit = 1024 * 1024;  // of an answer over the limit
constexpr std::size_t kTitleLimit = 120;
constexpr std::size_t kLongestId = 128;

std::string cut(std::string_view text, std::size_t bytes) {
  return std::string(text.substr(0, character_border(text, std::min(bytes, text.size()))));
}

std::string make_title(std::string_view question) {
  const auto begin = question.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return "untitled";
  question.remove_prefix(begin);
  return cut(question.substr(0, question.find_first_of("\r\n")), kTitleLimit);
}

/// As it is kept.
std::string serialize_answer(json::object answer) {
  json::value masked(std::move(answer));
  mask_secrets_in(masked);
  std::string text = json::serialize(masked);
  if (text.size() <= kAnswerLimit) return text;
  const std::string response = text_in(masked.as_object(), "response");
  return json::serialize(json::object{{"response", cut(response, kResponseLimit)},
                                      {"notes", {"The rest of this answer was too large to be kept."}}});
}

class SqliteConversationStore final : public ConversationStore {
 public:
  SqliteConversationStore(EventLoop& loop, std::filesystem::path data_dir)
      : loop_(loop), file_(std::make_shared<File>(data_dir / "conversations.db")) {}

  Task<Result<void>> append(RequestContext, std::string id, std::string project_path, ConversationTurn turn) override {
    if (!is_valid_conversation_id(id)) {
      co_return fail(ErrorCode::invalid_input, "a conversation's id is 1 to 128 letters, digits, '.', '_' and '-'");
    }
    auto work = [file = file_, id = std::move(id), project_path = std::move(project_path),
                 turn = std::move(turn)]() mutable {
      turn.question = mask_secrets(to_valid_utf8(turn.question)).text;
      const std::string answer = serialize_answer(std::move(turn.answer));
      const std::string title = make_title(turn.question);
      return file->use<void>(Existing::or_new, [&](ConversationDatabase& database) {
        return database.append(id, project_path, title, turn, answer);
      });
    };
    co_return co_await loop_.run_blocking(std::move(work));
  }

  Task<Result<Conversation>> load(RequestContext, std::string id) override {
    auto work = [file = file_, id]() {
      return file->use<std::optional<Conversation>>(Existing::only,
                                                    [&](ConversationDatabase& database) { return database.load(id); });
    };
    auto loaded = co_await loop_.run_blocking(std::move(work));
    if (!loaded) co_return std::unexpected(loaded.error());
    if (!*loaded) co_return fail_as_missing(id);
    co_return std::move(**loaded);
  }

  Task<Result<std::vector<ConversationSummary>>> list(RequestContext, ConversationQuery query) override {
    auto work = [file = file_, query = std::move(query)]() {
      return file->use<std::vector<ConversationSummary>>(
          Existing::only, [&](ConversationDatabase& database) { return database.list(query); });
    };
    co_return co_await loop_.run_blocking(std::move(work));
  }

  Task<Result<void>> rename(RequestContext, std::string id, std::string title) override {
    auto work = [file = file_, id, title = std::move(title)]() {
      const std::string kept = mask_secrets(cut(to_valid_utf8(title), kTitleLimit)).text;
      return file->use<bool>(Existing::only, [&](ConversationDatabase& database) { return database.rename(id, kept); });
    };
    auto renamed = co_await loop_.run_blocking(std::move(work));
    co_return found_or_error(renamed, id);
  }

  Task<Result<void>> remove(RequestContext, std::string id) override {
    auto work = [file = file_, id]() {
      return file->use<bool>(Existing::only, [&](ConversationDatabase& database) { return database.remove(id); });
    };
    auto removed = co_await loop_.run_blocking(std::move(work));
    co_return found_or_error(removed, id);
  }

 private:
  enum class Existing { only, or_new };

  // Shared with work on the blocking pool, which may outlive the store.
  class File {
   public:
    explicit File(std::filesystem::path path) : path_(std::move(path)) {}

    /// `use` is not called, and the answer is an empty one, when there is no file and none is to be made.
    template <class T>
    Result<T> use(Existing existing, auto call) {
      const std::lock_guard lock(mutex_);
      if (database_ && !database_->is_current()) database_.reset();
      if (!database_) {
        std::error_code error;
        const bool is_there = std::filesystem::exists(path_, error) || error;
        if (existing == Existing::only && !is_there) return Result<T>();
        auto opened = ConversationDatabase::open(path_);
        if (!opened) return std::unexpected(opened.error());
        database_.emplace(std::move(*opened));
      }
      Result<T> result = call(*database_);
      if (!result) database_.reset();  // it is looked at again before it is used again
      return result;
    }

   private:
    std::filesystem::path path_;
    std::mutex mutex_;
    std::optional<ConversationDatabase> database_;
  };

  static std::unexpected<Error> fail_as_missing(const std::string& id) {
    return fail(ErrorCode::not_found, "there is no conversation \"" + id + "\"");
  }
  static Result<void> found_or_error(const Result<bool>& found, const std::string& id) {
    if (!found) return std::unexpected(found.error());
    if (!*found) return fail_as_missing(id);
    return {};
  }

  EventLoop& loop_;
  std::shared_ptr<File> file_;
};

}  // namespace

bool is_valid_conversation_id(std::string_view id) {
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  };
  return !id.empty() && id.size() <= kLongestId && std::ranges::all_of(id, is_allowed);
}

std::unique_ptr<ConversationStore> open_conversation_store(EventLoop& loop, std::filesystem::path data_dir) {
  return std::make_unique<SqliteConversationStore>(loop, std::move(data_dir));
}

}  // namespace codehelper
